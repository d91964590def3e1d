package eventstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
)

// What was read ahead is there for one poll, if it was read and is not old: a poll that comes later, as one that has waited for the write lock of the read tables, reads for itself.
func TestWhatWasReadAheadIsThereForOnePoll(t *testing.T) {
	for _, row := range []struct {
		name   string
		err    error
		old    bool
		nobody bool // has read
		there  bool
	}{
		{name: "read", there: true},
		{name: "it could not be read", err: errors.New("no log")},
		{name: "it is too old", old: true},
		{name: "the log had no more", nobody: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &fetch{done: make(chan struct{}), batch: &batchPayload{}, err: row.err}
			f.ctx, f.cancel = context.WithCancel(t.Context())
			close(f.done)
			if row.old {
				f.cancel()
			}
			if row.nobody {
				f.batch = nil
			}
			topic := &AheadTopic{ahead: f}
			if got := topic.fetched(); (got != nil) != row.there {
				t.Errorf("%v is there", got)
			}
			if f.ctx.Err() == nil {
				t.Error("its timer goes on")
			}
			if got := topic.fetched(); got != nil {
				t.Errorf("%v is there for another poll", got)
			}
		})
	}
}

// What is under way is waited for, by a poll that is to have it and by who gives it up.
func TestWhatIsReadAheadIsWaitedFor(t *testing.T) {
	for name, wait := range map[string]func(*AheadTopic){
		"by a poll":          func(t *AheadTopic) { t.fetched() },
		"by who gives it up": func(t *AheadTopic) { t.Rest() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reading := newStalled()
				topic := &AheadTopic{DB: sql.OpenDB(reading)}
				defer topic.DB.Close()
				topic.begin(7)
				synctest.Wait() // until it reads
				waited := false
				go func() {
					wait(topic)
					waited = true
				}()
				synctest.Wait()
				if waited {
					t.Error("it was not waited for")
				}
				close(reading.release)
				synctest.Wait()
				if !waited {
					t.Error("it is waited for in vain")
				}
			})
		})
	}
}

// stalled is a database that cannot be connected to until it is released.
type stalled struct{ release chan struct{} }

func newStalled() *stalled { return &stalled{make(chan struct{})} }

// Connect implements driver.Connector.
func (s *stalled) Connect(context.Context) (driver.Conn, error) {
	<-s.release
	return nil, errors.New("released")
}

// Driver implements driver.Connector.
func (*stalled) Driver() driver.Driver { return nil }
