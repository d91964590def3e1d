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

	// AtOnce says that a statement writes all rows of a batch (PostgreSQL, where each is a trip to the server); else each row is one (SQLite, where that is as good).
	AtOnce bool
}

// Tx is a transaction that holds the write lock of the read tables.
type Tx struct {
	*sql.Tx
	atOnce bool
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
func (t Tables) within(tx *sql.Tx) *Tx { return &Tx{Tx: tx, atOnce: t.AtOnce} }
