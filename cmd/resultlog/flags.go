package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"

	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// storeFlags say where the store is; every subcommand that touches it has them.
type storeFlags struct {
	Data string `default:"./data" type:"path" placeholder:"DIR" help:"Directory of the embedded store: the log, and the read tables made of it. Default: ./data."`
}

// Validate refuses an empty directory, which would be the one that the command happens to run in.
func (f storeFlags) Validate() error {
	if f.Data == "" {
		return errors.New("--data is empty: it must be a directory")
	}
	return nil
}

// openExisting opens the store for a tool that needs one that is there, and closes it when the work is done.
func (f storeFlags) openExisting(ctx context.Context, work func(*sqlite.Log, *sqlite.ReadTables) error) (err error) {
	tables, err := sqlite.OpenReadTables(ctx, f.Data, projections.SQLiteSchema()) // first, since it makes no log where there is none
	if err != nil {
		return err
	}
	log, err := sqlite.OpenLog(ctx, f.Data)
	if err != nil {
		return errors.Join(err, tables.Close())
	}
	defer func() { err = errors.Join(err, tables.Close(), log.Close()) }() // the tables have the log attached
	return work(log, tables)
}

// openLog opens the log alone, if there is one, and closes it when the work is done.
func (f storeFlags) openLog(ctx context.Context, work func(*sqlite.Log) error) (err error) {
	log, err := sqlite.OpenExistingLog(ctx, f.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return work(log)
}

// secretFlag is the secret of tokens. In the environment it is not seen by other users of the machine, as a flag it is.
type secretFlag struct {
	JWTSecret string `name:"jwt-secret" help:"Secret that tokens are signed with (HS256), at least 32 bytes; better given in the environment."`
}

// providerFlags are about tokens of an identity provider. The last two are pointers, since one that is empty, like a variable that somebody forgot to fill, must not pass for one that is left out.
type providerFlags struct {
	JWKS        string  `name:"jwks" placeholder:"FILE-OR-URL" help:"Keys of an identity provider whose tokens (RS256, ES256, EdDSA) are accepted: a file, or an https URL. Read again every five minutes."`
	JWTIssuer   *string `name:"jwt-issuer" placeholder:"ISS" help:"The iss that every token must have. Default: any."`
	JWTAudience *string `name:"jwt-audience" placeholder:"AUD" help:"The aud that every token must have; without it, a token that the provider signed for another service is as good. Default: any."`
}

// Validate refuses to check less than was meant.
func (f providerFlags) Validate() error {
	for name, value := range map[string]*string{"--jwt-issuer": f.JWTIssuer, "--jwt-audience": f.JWTAudience} {
		if value != nil && *value == "" {
			return fmt.Errorf("%s is empty: leave it out if every token is to be accepted whatever it says there", name)
		}
	}
	return nil
}

// given is the value of a flag that may be left out.
func given(flag *string) string {
	if flag == nil {
		return ""
	}
	return *flag
}

// newLogger writes text for a person at a terminal, and JSON for everybody else.
func newLogger(w io.Writer) *slog.Logger {
	if isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
