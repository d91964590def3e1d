// Package programtest gives tests the program as it is shipped, to be run in processes of its own.
package programtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"resultlog/eventstore/postgres/postgrestest"
)

// Secret is what the program signs tokens with, and servers verify them with.
const Secret = "0123456789abcdef0123456789abcdef"

// Program is where the program is.
type Program string

// Main is the TestMain of tests that need the program: it makes it, lets them take it, and ends what they have shared of PostgreSQL when all have run.
func Main(m *testing.M, take func(Program) error) {
	dir, err := os.MkdirTemp("", "resultlog-program-")
	var p Program
	if err == nil {
		p, err = Build(dir)
	}
	if err == nil {
		err = take(p)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = postgrestest.Stopping{M: m}.Run()
	}
	_ = os.RemoveAll(dir) // the error: it is a temporary one
	os.Exit(code)
}

// Build makes the program in a directory, as make build does: without C, and so without the race detector.
func Build(dir string) (Program, error) {
	p := filepath.Join(dir, "resultlog")
	cmd := exec.Command("go", "build", "-trimpath", "-o", p, "resultlog/cmd/resultlog")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return Program(p), nil
}

// Command is the program with its arguments, and Secret in its environment.
func (p Program) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(string(p), args...)
	cmd.Env = append(os.Environ(), "RESULTLOG_JWT_SECRET="+Secret)
	return cmd
}

// Print gives what the program prints with its arguments, without the end of the line. The error has what it says then.
func (p Program) Print(args ...string) (string, error) {
	out, err := p.Command(args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("resultlog %s: %w\n%s", args[0], err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
