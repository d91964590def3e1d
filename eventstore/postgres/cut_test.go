package postgres

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// cutAfterCommit is a connection that ends once the answer to a COMMIT has come, as when the server is told to stop at that moment: it owes one more message.
type cutAfterCommit struct {
	net.Conn
	cut bool
}

func (c *cutAfterCommit) Read(p []byte) (int, error) {
	if c.cut {
		return 0, errNetwork
	}
	n, err := c.Conn.Read(p)
	answer := []byte("COMMIT\x00")
	if i := bytes.Index(p[:n], answer); i >= 0 {
		n, c.cut = i+len(answer), true
	}
	return n, err
}

// TestACommitIsNotUndoneByWhatComesAfterIt: the server has answered COMMIT, and is gone before it has said that it is ready again. Who were told that nothing is written would write it twice.
func TestACommitIsNotUndoneByWhatComesAfterIt(t *testing.T) {
	log := mustOpen(t, postgrestest.Database(t))
	dial := log.config.DialFunc
	log.config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return &cutAfterCommit{Conn: conn}, err
	}
	log.discardWriter()
	mustBeIndefinite(t, appendEvents(t.Context(), log, 0, 1))
	log.config.DialFunc = dial
	err := log.Append(t.Context(), 0, func(_ time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		if len(missed) != 1 {
			t.Errorf("missed %d events, want 1", len(missed))
		}
		return nil, nil
	})
	if err != nil {
		t.Error(err)
	}
}
