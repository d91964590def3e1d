// Command resultlog records the results of activities: an event-sourced service with its state machine in memory.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commandLine is what can be typed after resultlog. Every flag can also be given as an environment variable, RESULTLOG_ and its name.
type commandLine struct {
	Serve       serveCommand       `cmd:"" help:"Accept results over HTTP, and keep the read tables in sync."`
	Token       tokenCommand       `cmd:"" help:"Print a bearer token, signed with the server's secret."`
	Keys        keysCommand        `cmd:"" help:"Issue, list and revoke API keys, without a token."`
	Events      eventsCommand      `cmd:"" help:"Print the history of a tenant, an event a line."`
	Export      exportCommand      `cmd:"" help:"Write results, activities or events to a file: Parquet, CSV or NDJSON."`
	Rebuild     rebuildCommand     `cmd:"" help:"Build the read tables again from the log: in their place, or beside them while they serve."`
	Deadletters deadlettersCommand `cmd:"" help:"Look after events that the read tables could not take."`
	Erase       eraseCommand       `cmd:"" help:"Take what may be about a person out of a result, for good."`
	Backup      backupCommand      `cmd:"" help:"Copy the log into a file, while servers run on it."`
	Restore     restoreCommand     `cmd:"" help:"Make a backup the log of a directory that has none."`
	Copy        copyCommand        `cmd:"" help:"Copy a log into another store: from the embedded one to PostgreSQL, or back."`
	Migrate     migrateCommand     `cmd:"" help:"Bring a store to the newest shape."`
	Verify      verifyCommand      `cmd:"" help:"Find out whether the history is whole and unaltered, in the store or in an export."`
	Doctor      doctorCommand      `cmd:"" help:"Look at a store that misbehaves, and say what is wrong and what to do; it changes nothing."`
	SigningKey  signingKeyCommand  `cmd:"" help:"Show the key by which auditors verify, or make one."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

const description = `Records the results of activities. A submission becomes events in an append-only log, judged by a status machine in memory; read tables follow.

Start with:  resultlog serve --dev`

// console is where a subcommand writes: what was asked for to out, everything about it to err.
type console struct {
	out io.Writer
	err io.Writer
}

func main() {
	paceHeap()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], console{out: os.Stdout, err: os.Stderr}))
}

// run is the whole program but for the process around it. It gives the exit code: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, con console) int {
	exit := -1
	var line commandLine
	parser := kong.Must(&line,
		kong.Name("resultlog"), kong.Description(description), kong.DefaultEnvars("RESULTLOG"), kong.UsageOnError(),
		kong.Writers(con.out, con.err), kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(con),
	)
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help was asked for
		return exit
	}
	if err != nil {
		fmt.Fprintf(con.err, "resultlog: %v\nTry: resultlog --help\n", err)
		return 2
	}
	if err := parsed.Run(); err != nil {
		tell(con, parsed.Command(), err)
		return 1
	}
	return 0
}

// tell says why a subcommand failed: the one place where its error is written. What reads the log of a server reads this too.
func tell(con console, command string, err error) {
	if command == "serve" && !isTerminal(con.err) {
		newLogger(con.err).Error("failed", "err", err)
		return
	}
	fmt.Fprintf(con.err, "resultlog: %v\n", err)
}
