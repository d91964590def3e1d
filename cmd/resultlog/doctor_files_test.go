package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// file is all that can be changed of a file.
type file struct {
	Bytes   string
	Mode    os.FileMode
	Changed time.Time
}

// filesOf are the files of a directory that no server of this process has open, and the directory itself.
func filesOf(t *testing.T, dir string) map[string]file {
	t.Helper()
	files := make(map[string]file)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := file{Mode: info.Mode(), Changed: info.ModTime()}
		if !d.IsDir() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f.Bytes = string(text)
		}
		files[path] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDoctorChangesNothing in a directory that a server has left in good order, in one that it has left by being killed, and in either if it was of an older program; nor where an index was left
// behind without the WAL that it is of.
func TestDoctorChangesNothing(t *testing.T) {
	closed, killed := t.TempDir(), filepath.Join(t.TempDir(), "killed")
	s := used(t, closed)
	if out, err := exec.Command("cp", "-r", closed, killed).CombinedOutput(); err != nil { // not by this process: it would lose its locks
		t.Fatalf("%v %s", err, out)
	}
	s.stop()
	if _, err := os.Stat(filepath.Join(killed, "log.db-shm")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(closed, "read.db-shm"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, older := range []bool{false, true} {
		for what, dir := range map[string]string{"closed": closed, "killed": killed} {
			if older && dir == closed {
				ofTables.change(t, dir, `DELETE FROM MIGRATIONS WHERE version_id > 1`)
			}
			before := filesOf(t, dir)
			checks := examined(t, dir, time.Now())
			if diff := cmp.Diff(before, filesOf(t, dir)); diff != "" {
				t.Errorf("%s, older %t: -before +after:\n%s", what, older, diff)
			}
			if checks["store"].Status != "ok" || !strings.Contains(checks["lag"].Found, "the log and the read tables are at 2") {
				t.Errorf("%s, older %t: %v", what, older, checks)
			}
		}
	}
}

// TestDoctorOfAFileThatIsNone: what cannot be read says why; what does not need it is checked all the same.
func TestDoctorOfAFileThatIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		files         map[string]string
		found, advice string
	}{
		"a directory without a log":          {nil, "there is no log.db", "--data"},
		"an empty file":                      {map[string]string{"log.db": ""}, "there is no log in", "--data"},
		"a file that is no database":         {map[string]string{"log.db": strings.Repeat("no database", 1000)}, "cannot be read", "restore a backup"},
		"a copy that lacks the WAL's index":  {map[string]string{"log.db": "", "log.db-wal": "something"}, "its index, log.db-shm, is not", "start a server"},
		"a WAL that is empty has no index":   {map[string]string{"log.db": "", "log.db-wal": ""}, "there is no log in", "--data"},
		"an index that stayed without a WAL": {map[string]string{"log.db": "", "log.db-shm": ""}, "there is no log in", "--data"},
	} {
		dir := t.TempDir()
		for file, text := range c.files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := filesOf(t, dir)
		checks := examined(t, dir, time.Now())
		if got := checks["store"]; got.Status != "fail" || !strings.Contains(got.Found, c.found) || !strings.Contains(got.Advice, c.advice) {
			t.Errorf("%s: %+v", name, got)
		}
		if checks["settings"].Status != statusSkipped || checks["lag"].Status != statusSkipped || checks["version"].Status != "ok" || !strings.Contains(checks["disk"].Found, " free") {
			t.Errorf("%s: %v", name, checks)
		}
		if diff := cmp.Diff(before, filesOf(t, dir)); diff != "" {
			t.Errorf("%s: -before +after:\n%s", name, diff)
		}
	}
}
