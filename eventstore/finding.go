package eventstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

// ErrNotThere means that a part of a store has not been made yet. The first server that runs on the store makes it.
var ErrNotThere = errors.New("is not there yet")

// Health is how a finding is to be taken.
type Health string

// From good to bad.
const (
	HealthOK   Health = "ok"
	HealthWarn Health = "warn" // the store works, and somebody should look
	HealthFail Health = "fail" // it does not work, or loses what it should keep
)

// Finding is what somebody who examines a store has found, in words for the operator who asked.
type Finding struct {
	Health Health
	Found  string // a fact, or some, with "; " between them
	Advice string // what to do next; empty if all is well
}

// Found is a finding that is well.
func Found(format string, args ...any) Finding {
	return Finding{Health: HealthOK, Found: fmt.Sprintf(format, args...)}
}

// Warn is the same finding, as one that somebody should look at.
func (f Finding) Warn(advice string) Finding { return Finding{HealthWarn, f.Found, advice} }

// Fail is the same finding, as one that is not as it must be.
func (f Finding) Fail(advice string) Finding { return Finding{HealthFail, f.Found, advice} }

// Together makes one finding of several: it is as bad as the worst of them, and says all that they say.
func Together(all ...Finding) Finding {
	whole := Finding{Health: HealthOK}
	var found, advice []string
	for _, f := range all {
		if f.Health == HealthFail || whole.Health == HealthOK {
			whole.Health = f.Health
		}
		found = append(found, f.Found)
		if f.Advice != "" {
			advice = append(advice, f.Advice)
		}
	}
	whole.Found, whole.Advice = strings.Join(found, "; "), strings.Join(advice, "; ")
	return whole
}

// Shape is how far the migrations of a part of a store have come.
type Shape struct {
	Of     string // the part
	Now    int64  // 0: nothing is there
	Newest int64  // that this program knows
}

// Finding judges a shape.
func (s Shape) Finding() Finding {
	const bringUp = "run resultlog migrate, or start a server of this version, which does it if it may"
	switch {
	case s.Now == 0:
		return Found("%s: not there yet (%d is the newest)", s.Of, s.Newest).Warn(bringUp)
	case s.Now < s.Newest:
		return Found("%s: %d, and %d is the newest", s.Of, s.Now, s.Newest).Warn(bringUp)
	case s.Now > s.Newest:
		return Found("%s: %d, and this program knows 1 to %d", s.Of, s.Now, s.Newest).Fail("a newer resultlog wrote it: upgrade this program")
	}
	return Found("%s: %d", s.Of, s.Now)
}

// NewestShape is the shape that migrations lead to. It reads their names, and needs no database.
func NewestShape(migrations fs.FS) (newest int64, err error) {
	files, err := fs.Glob(migrations, "*.sql")
	for _, file := range files {
		shape, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		newest = max(newest, shape)
	}
	return newest, err
}
