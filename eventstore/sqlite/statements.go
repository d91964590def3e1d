package sqlite

import (
	"context"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// maxStatements is how many statements a connection keeps prepared: those of the subscription and of reads of one row, and the commonest forms of lists, at some kilobytes each. Past it all are
// forgotten, and prepared anew as they come: preparing one costs about as much as executing it for a row.
const maxStatements = 128

// connection is what the driver gives, as far as database/sql and this package use it.
type connection interface {
	sqlite.ExecQuerierContext
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	source
	destination
}

// statements is a connection that keeps what it has prepared: whoever hands it a text, as watermill-sql does at each poll, has it parsed and planned once. It also takes givenRows as an argument.
type statements struct {
	connection
	kept map[string]*statement
}

// statement is one that is kept. While its rows are read it is not executed again.
type statement struct {
	prepared
	busy bool
}

// prepared is what the driver prepares.
type prepared interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func keepStatements(c driver.Conn) *statements {
	return &statements{connection: c.(connection), kept: make(map[string]*statement)}
}

// statement gives the text's, prepared.
func (c *statements) statement(ctx context.Context, text string) (*statement, error) {
	if s := c.kept[text]; s != nil && !s.busy {
		return s, nil
	}
	stmt, err := c.connection.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &statement{prepared: stmt.(prepared)}
	if c.kept[text] != nil { // which is busy
		return s, nil
	}
	if len(c.kept) == maxStatements {
		c.forget()
	}
	c.kept[text] = s
	return s, nil
}

// done lets a statement be executed again, or closes it if it is not kept.
func (c *statements) done(text string, s *statement) error {
	s.busy = false
	if c.kept[text] == s {
		return nil
	}
	return s.Close()
}

// forget closes all that is kept and not busy; what is busy is closed when it is done.
func (c *statements) forget() {
	for _, s := range c.kept {
		if !s.busy {
			_ = s.Close() // it only frees memory: an error is that of the last execution, which has been told
		}
	}
	clear(c.kept)
}

// ExecContext implements driver.ExecerContext.
func (c *statements) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (result driver.Result, err error) {
	for i := range args {
		if rows, ok := args[i].Value.(givenRows); ok {
			number := handed.hand(rows)
			defer handed.takeBack(number)
			args[i].Value = number
		}
	}
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	s.busy = true
	result, err = s.ExecContext(ctx, args)
	if e := c.done(text, s); err == nil {
		err = e
	}
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *statements) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = c.done(text, s) // the query's own error says more
		return nil, err
	}
	s.busy = true
	return &keptRows{described: rows.(described), close: func() error { return c.done(text, s) }}, nil
}

// CheckNamedValue implements driver.NamedValueChecker: it lets givenRows through, and leaves the rest to database/sql.
func (c *statements) CheckNamedValue(v *driver.NamedValue) error {
	if _, ok := v.Value.(givenRows); ok {
		return nil
	}
	return driver.ErrSkip
}

// Close implements driver.Conn. The statements come first: SQLite keeps a connection, and its locks, until the last of them is gone.
func (c *statements) Close() error {
	c.forget()
	return c.connection.Close()
}

// described are the driver's rows, as far as database/sql asks them.
type described interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypeScanType
}

// keptRows are those of a statement that is kept.
type keptRows struct {
	described
	close func() error // nil once it was called
}

// Close implements driver.Rows.
func (r *keptRows) Close() error {
	err := r.described.Close()
	if r.close != nil {
		if e := r.close(); err == nil {
			err = e
		}
		r.close = nil
	}
	return err
}
