package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"resultlog/eventstore"
)

// leastFree is how much room there must be on the disk: while somebody reads from an old snapshot, a backup say, the WAL of a busy log grows by hundreds of megabytes, and a log that has no room
// takes nothing more.
const leastFree = 512 << 20

// sizes are those of the files of a store, in bytes, their WALs apart.
type sizes struct{ log, logWAL, read, readWAL, audit, auditWAL int64 }

// Space tells how large the files are, and how much room there is beside them; eventstore.ErrNotThere if there is no directory.
func (e *Examiner) Space(context.Context) (eventstore.Finding, error) {
	if _, err := os.Stat(e.dir); errors.Is(err, fs.ErrNotExist) {
		return eventstore.Finding{}, fmt.Errorf("the directory %w", eventstore.ErrNotThere)
	}
	var s sizes
	for name, into := range map[string]*int64{
		logFile: &s.log, logFile + "-wal": &s.logWAL, readFile: &s.read, readFile + "-wal": &s.readWAL, auditFile: &s.audit, auditFile + "-wal": &s.auditWAL,
	} {
		size, err := sizeOf(filepath.Join(e.dir, name))
		if err != nil {
			return eventstore.Found("the files cannot be looked at: %v", err).Fail("run this as the user that the servers run as"), nil
		}
		*into = max(0, size)
	}
	free, err := e.free(e.dir)
	if err != nil {
		return eventstore.Together(s.finding(), eventstore.Found("how much is free cannot be told: %v", err).Warn("look with the tools of this system")), nil
	}
	return s.beside(free), nil
}

func (s sizes) finding() eventstore.Finding {
	return eventstore.Found("%s %s (WAL %s), %s %s (WAL %s), %s %s (WAL %s)",
		logFile, inBytes(s.log), inBytes(s.logWAL), readFile, inBytes(s.read), inBytes(s.readWAL), auditFile, inBytes(s.audit), inBytes(s.auditWAL))
}

// beside judges the sizes of the files beside what is free.
func (s sizes) beside(free uint64) eventstore.Finding {
	room := eventstore.Found("%s free", inBytes(int64(min(free, 1<<62))))
	switch largest := max(s.log, s.read); {
	case free < leastFree:
		room = room.Fail(fmt.Sprintf("make room: under %s the log may have to refuse what comes", inBytes(leastFree)))
	case free < uint64(largest):
		room = room.Warn("make room: resultlog erase writes the log anew, a backup beside it takes as much, and resultlog rebuild --online makes second read tables")
	}
	return eventstore.Together(s.finding(), room)
}

// inBytes is a size for people.
func inBytes(n int64) string {
	const step = 1024
	size, unit := float64(n), 0
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for size >= step && unit < len(units)-1 {
		size, unit = size/step, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", size, units[unit])
}
