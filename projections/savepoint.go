package projections

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// undoTimeout bounds a ROLLBACK TO, which runs although the delivery's own time may be over. It takes microseconds; only a connection that is gone takes long.
const undoTimeout = time.Second

// errLost means that a savepoint could not be rolled back to: the transaction is not what it was, and nothing more may come of it.
var errLost = errors.New("the transaction was lost")

// guarded runs f behind a savepoint. If f fails, or panics, all that it wrote is undone and the transaction is as it was before; on PostgreSQL this also makes an aborted
// transaction usable again. Errors of the transaction itself (a full disk, an interrupted write, a lost connection) may have rolled back all of it: then the error is errLost.
func guarded(ctx context.Context, tx *Tx, name string, f func() error) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return errors.Join(errLost, err)
	}
	err := recovered(f)
	if err == nil {
		_, err = tx.ExecContext(ctx, "RELEASE "+name)
	}
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	for _, undo := range []string{"ROLLBACK TO " + name, "RELEASE " + name} {
		if _, undoErr := tx.ExecContext(ctx, undo); undoErr != nil {
			return errors.Join(errLost, err, undoErr)
		}
	}
	return err
}

// recovered turns a panic into an error: the router would recover it too, but behind the savepoint's back.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
