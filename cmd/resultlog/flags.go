package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"
)

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

// newLogger logs for whoever reads what is written.
func newLogger(w io.Writer) *slog.Logger { return newLoggerFor(w, isTerminal(w)) }

// newLoggerFor writes text for a person at a terminal, and JSON for everybody else.
func newLoggerFor(w io.Writer, person bool) *slog.Logger {
	if person {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
