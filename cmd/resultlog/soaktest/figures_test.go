package soaktest

const megabyte = 1 << 20

// stateTold is what the state that is decided by takes at the most for each byte that resultlog_machine_bytes tells of it. That counts rows, as if each map were two thirds full; here 1.4 was measured.
const stateTold = 1.5

// What the floor of a figure may grow by from the early days of a process to its late ones.
const (
	// mayHeap is for the heap beside that state: a garbage collection finds what the requests have in use that happen to be under way, and the floors of a few samples differ by two megabytes.
	// Half a kilobyte left behind by each write is more within two minutes.
	mayHeap = 4 * megabyte

	// mayOther is for memory that is not Go's: SQLite keeps up to 2 MB of pages for each of its connections, 19 of them, and 32 MB for the one that writes the read tables, in memory of its own, and fills
	// them as reads and events happen to come by.
	mayOther = 80 * megabyte

	// mayGoroutines is for those of requests under way: of calmClients, each with a few.
	mayGoroutines = 4 * calmClients

	// mayDescriptors is for connections to the store which are opened when so many are first wanted at once, and kept: of PostgreSQL 28, of SQLite 16 with two files each.
	mayDescriptors = 32

	// mayWAL is for a write-ahead file that could not be begun anew when it was full, since somebody was just reading, and somebody else after him: twice its usual size, which is 4,000 pages
	// (walAutocheckpoint in eventstore/sqlite). It does not become smaller again. On a machine with twenty other things to do it was seen to come to 49 MB.
	mayWAL = 32 * megabyte

	// mostWAL is what a write-ahead file is cut back to (walSizeLimit in eventstore/sqlite): larger ones are left by whoever holds a snapshot for long, and nobody does that here.
	mostWAL = 64 * megabyte

	// mayLag is for the read tables: events of two seconds or so. The least of many samples is near none, unless applying is slower than the load.
	mayLag = 500

	// mayQueue is for commands that wait: the least of many samples is none or one, unless deciding is slower than the load.
	mayQueue = 32
)

// figure is something that must not grow while a process lives.
type figure struct {
	name    string
	engine  string // the only one that has it; "": each has
	bytes   bool   // else it is a number of things
	of      func(scrape) float64
	may     float64 // grow by so much
	most    float64 // be so much at any time; 0: anything
	hurried bool    // judged at other than calm moments, too: it is what makes clients wait, or does not depend on how many do
	ageless bool    // a later process must not have more of it than the first had when it was as old
	look    string  // at this, if it has grown
}

// figures are all of them; first those that make all others grow.
var figures = []figure{
	{
		name: "lag", hurried: true, may: mayLag, of: shown("resultlog_projection_lag_events"),
		look: "at resultlog_projection_apply_seconds and resultlog_projection_failures_total: the read tables do not keep up",
	},
	{
		name: "queue", hurried: true, may: mayQueue, of: shown("resultlog_queue_depth"),
		look: "at resultlog_append_seconds and resultlog_decide_seconds: the sequencer does not keep up",
	},
	{
		name: "heap", bytes: true, may: mayHeap, of: liveHeap,
		look: "at what outlives a request: leave one line of mix (mix_test.go) after the other out, to see whose it is, and take a memory profile of its tests (go test -memprofile)",
	},
	{
		name: "other memory", bytes: true, may: mayOther, of: otherMemory,
		look: "at what SQLite is not told to let go of: statements and rows that are not closed; one line of mix (mix_test.go) left out after the other tells whose they are",
	},
	{
		name: "goroutines", may: mayGoroutines, ageless: true, of: shown("go_goroutines"),
		look: "at what a node prints on kill -QUIT under this load: the stack that is there most often",
	},
	{
		name: "descriptors", may: mayDescriptors, ageless: true, of: shown("process_open_fds"),
		look: "at ls -l /proc/PID/fd of a node under this load: whether they are connections of clients, of the store, or files",
	},
	{
		name: "WAL", engine: "SQLite", bytes: true, hurried: true, may: mayWAL, most: mostWAL, of: shown("resultlog_log_wal_bytes"),
		look: "at who reads the log in a transaction, or in rows, that stay open: a checkpoint cannot empty it while somebody reads from an old snapshot",
	},
	{
		name: "WAL of tables", engine: "SQLite", bytes: true, hurried: true, may: mayWAL, most: mostWAL, of: shown(tablesWALBytes),
		look: "at who reads the read tables, or those of the audit, in a transaction, or in rows, that stay open",
	},
}

// shown is a figure that is a metric.
func shown(metric string) func(scrape) float64 {
	return func(s scrape) float64 { return s.of(metric) }
}

// liveHeap is what the latest garbage collection has found in use, less the state that is decided by, which grows with what there is. The next collection comes when the heap is larger than that by GOGC.
func liveHeap(s scrape) float64 {
	const percent = 100
	return s.of("go_memstats_next_gc_bytes")/(1+s.of("go_gc_gogc_percent")/percent) - stateTold*s.of("resultlog_machine_bytes")
}

// otherMemory is what is in memory and not Go's: SQLite's, and the program itself.
func otherMemory(s scrape) float64 {
	return s.of("process_resident_memory_bytes") - (s.of("go_memstats_sys_bytes") - s.of("go_memstats_heap_released_bytes"))
}
