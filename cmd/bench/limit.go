package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
)

// contenderArgument stands first on the command line of a bench that is to be a contender itself.
const contenderArgument = "contender"

// tokenVariable hands such a contender the one token that it knows.
const tokenVariable = "RESULTLOG_BENCH_TOKEN"

// dsnVariable hands it its database; empty: it has none.
const dsnVariable = "RESULTLOG_BENCH_DSN"

// self is the command that runs such a contender over a place: this program again, in a process of its own.
func self(name, token string) func(context.Context, place) *exec.Cmd {
	return func(ctx context.Context, at place) *exec.Cmd {
		cmd := exec.CommandContext(ctx, os.Args[0], contenderArgument, name, "--data", at.dir)
		cmd.Env = append(os.Environ(), tokenVariable+"="+token, dsnVariable+"="+at.dsn)
		return cmd
	}
}

// contenderCommand is what self runs.
type contenderCommand struct {
	Name string `arg:"" enum:"ceiling,plain-file,crud,stock" help:"What to serve."`
	Data string `required:"" help:"Directory to keep submissions in."`
}

// Run serves until it is told to stop.
func (c contenderCommand) Run(ctx context.Context) error {
	token := os.Getenv(tokenVariable)
	switch c.Name {
	case "ceiling":
		return serve(ctx, ceilingHandler(token))
	case "crud":
		return serveCRUD(ctx, token)
	case "stock":
		return serveStock(ctx, token)
	}
	file, err := openFileLog(c.Data)
	if err != nil {
		return err
	}
	return errors.Join(serve(ctx, limitHandler(token, file.keep)), file.close())
}

// serve answers on a free port and announces it as resultlog does.
func serve(ctx context.Context, handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.New(slog.NewTextHandler(os.Stderr, nil)).Info("listening", "addr", listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	}
}
