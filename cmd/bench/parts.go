package main

import (
	"context"
	"fmt"
	"strings"
)

// The parts of a bench, as --only names them.
const (
	ratesPart    = "rates"
	treesPart    = "trees"
	postgresPart = "postgres"
	openPart     = "open"
	tenantsPart  = "tenants"
	overloadPart = "overload"
	catchUpPart  = "catchup"
	replayPart   = "replay"
	memoryPart   = "memory"
	growthPart   = "growth"
	pagesPart    = "pages"
	auditPart    = "audit"
)

// part is something that is measured apart.
type part struct {
	name    string
	says    string
	measure func(context.Context, benchCommand, settings, product, *report) error // nil: measureRates does
}

// parts are all of them, in the order in which they are measured.
var parts = []part{
	{ratesPart, "submissions to resultlog on SQLite, beside the ceiling and the plain file", nil},
	{treesPart, "resultlog beside itself without the audit's trees", nil},
	{postgresPart, "submissions to resultlog on PostgreSQL, one node and two, beside the ceiling, the CRUD handler and the stock publisher of watermill-sql", nil},
	{openPart, "the latency at a fixed --rate, from when requests were due", measureOpenPart},
	{tenantsPart, "a quiet tenant beside one that floods the server", measureTenantsPart},
	{overloadPart, "four times the sustainable rate, and 300 submissions at once out of idle", measureOverloadPart},
	{catchUpPart, "how fast the read tables are made from a history, beside the stock subscriber of watermill-sql, and how far they lag behind at the full accept rate", measureCatchUpPart},
	{replayPart, "how long a restart over --activities takes", measureReplayPart},
	{memoryPart, "how much of the heap an activity takes", measureMemoryPart},
	{growthPart, "accepting, listing, rebuilding and restarting over each of --events, beside an empty log", measureGrowthPart},
	{pagesPart, "pages of lists over a thousand and over --rows results", measurePagesPart},
	{auditPart, "exporting and verifying a history", measureAuditPart},
}

// measures tells whether a part was asked for.
func (b benchCommand) measures(part string) bool { return b.Only == "" || b.Only == part }

// measuresOnPostgres tells whether anything was asked for that needs PostgreSQL.
func (b benchCommand) measuresOnPostgres() bool {
	for _, part := range []string{postgresPart, openPart, overloadPart, catchUpPart, replayPart, growthPart} {
		if b.measures(part) {
			return true
		}
	}
	return false
}

// introduction stands first in --help.
const introduction = `It prints a report in Markdown: ratios of runs that stood side by side, the figures that they are made of, and each target of docs/performance.md that was measured, with its verdict. It measures, and
gates nothing: a target that is missed is no error.

Every contender is a server in a process of its own, over an empty directory in --dir or an empty PostgreSQL cluster there; all of it is deleted again. The load generator is another process on the same
cores. A rate counts only if every answer was a 201, the read tables had caught up before the clock stopped, and the log, read again afterwards, held what was acknowledged, no more, no less, nothing twice: else the bench ends with an
error and without a report.

Nothing else should run meanwhile; the report begins with the command, the date, the commit, the machine and the load average before. PostgreSQL is left out where the programs of its server are not installed.

The parts, which --only names:

`

// examples stand last in --help.
const examples = `
For example:

  bench --quick                                          less than a minute: did something break?
  bench --json bench.json --svg bench.svg                everything, for the record: about three quarters of an hour
  bench --only rates --clients 1,64 --rounds 5 --seconds 10
  bench --only open --rate 5000
  bench --only overload --seconds 1                      20 s of overload instead of 60
  bench --only growth --events 0,1000000,10000000        an hour, and some 30 GB of disk meanwhile
`

// partsHelp describes the parts, a line each.
func partsHelp() string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, "  %-9s %s\n", part.name, part.says)
	}
	return b.String()
}
