package projections

import (
	"context"
	"database/sql"
	"errors"
)

// Tables is a database with the read tables in it, for writing, as its engine wants to be written to.
type Tables struct {
	*sql.DB

	// Lock is the statement by which a transaction takes the write lock of the read tables, until it ends. Empty: it has it from its beginning (SQLite's BEGIN IMMEDIATE).
	Lock string

	// Unlimited is the statement that lets those of a transaction take as long as they need: emptying tables of millions of rows does. Empty: nothing limits them.
	Unlimited string

	// Catalog is the query that lists the columns of all tables: table, column, type, place in the key (from 1; 0: none). Only a Comparison asks.
	Catalog string

	// Given is how a statement is handed the rows that it writes, all those of a batch at once. Only who writes needs it.
	Given Given
}

// Given is how an engine hands rows to a statement.
type Given interface {
	// From is what the statement selects them from, with the columns c1, c2 and so on, under the name given; its arguments are $1, $2 and so on. Types are those of the columns, in PostgreSQL's words.
	From(types []string) string
	// Args are the arguments, for rows that are given column by column, all of one length. Values are int64, float64, bool, string, []byte, core.ID or nil.
	Args(columns [][]any) []any
}

// Tx is a transaction that holds the write lock of the read tables.
type Tx struct {
	*sql.Tx
	given Given
}

// Begin begins a transaction and takes the write lock, before anything is read: what is read afterwards stays as it is until the transaction ends.
func (t Tables) Begin(ctx context.Context) (*Tx, error) {
	tx, err := t.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return t.within(tx), nil
}

// BeginTx is Begin for who brings a *sql.Tx along, as watermill-sql does.
func (t Tables) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	tx, err := t.DB.BeginTx(ctx, opts)
	if err != nil || t.Lock == "" {
		return tx, err
	}
	if _, err := tx.ExecContext(ctx, t.Lock); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// within is a transaction that BeginTx began.
func (t Tables) within(tx *sql.Tx) *Tx { return &Tx{Tx: tx, given: t.Given} }
