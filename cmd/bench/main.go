// Command bench measures resultlog beside the limits of what it does: the ceiling (net/http, httprouter and the JSON codec, nothing kept), and the plain file (the same,
// and each body appended to a file and synced, with group commit); and, on PostgreSQL, beside what a user would write instead (the CRUD handler: the same, and a transaction for each
// body), and what watermill-sql does out of the box. It prints ratios of runs that stood side by side; docs/performance.md says how to read them.
//
// Every contender is a server in a process of its own, over an empty directory on the disk, or an empty database in a PostgreSQL cluster of its own on that disk. A rate counts only if every answer was a 201, the read tables had caught up
// before the clock stopped, and the log held afterwards what was acknowledged: no more, no less, nothing twice.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// command is what the command line asked for.
type command interface{ Run(context.Context) error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var asked command = new(benchCommand)
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == contenderArgument { // the bench started itself as a contender
		asked, arguments = new(contenderCommand), arguments[1:]
	}
	parser := kong.Must(asked, kong.Name("bench"), kong.Description("Measures resultlog beside the limits of what it does, and prints a table of ratios."), kong.UsageOnError())
	_, err := parser.Parse(arguments)
	parser.FatalIfErrorf(err)
	parser.FatalIfErrorf(asked.Run(ctx))
}
