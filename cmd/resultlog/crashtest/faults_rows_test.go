package crashtest

// fault is something that happens to the disk under a server, and what must come of it.
type fault struct {
	name    string
	strace  straced // if it is the zero straced, another process holds the log's write lock
	records records
	outlast bool // it lasts longer than clients wait
	then    then
	clients int  // how many write; 0: the usual
	once    bool // each of them sends one write, and nothing was under way when it began
	payload int  // the most bytes of a payload; 0: the usual
}

// records says which writes are acknowledged while a fault lasts.
type records string

const (
	nothing    records = "nothing that is sent since, and /readyz is red"
	slowly     records = "nothing that is sent since"
	something  records = "one or the other write"
	everything records = "every write"
)

// then says what comes after it.
type then string

const (
	goesOn     then = "it ends, and the server records again by itself"
	killedSoon then = "it ends, and the server is killed at once"
	killedAmid then = "the server is killed before it ends"
)

var (
	wal   = []string{"log.db-wal"}                                                                  // in which a commit of the log becomes durable
	log   = []string{"log.db", "log.db-wal"}                                                        // the log
	reads = []string{"read.db", "read.db-wal", "read.db-shm"}                                       // the read tables
	files = []string{"log.db", "log.db-wal", "log.db-shm", "read.db", "read.db-wal", "read.db-shm"} // everything
)

var (
	unsynced  = straced{"fsync", "error=EIO", wal}
	unwritten = straced{"pwrite64", "error=EIO", wal}
	full      = straced{"pwrite64,ftruncate", "error=ENOSPC", files}
)

var faults = []fault{
	{name: "the log cannot be synced", strace: unsynced, records: nothing, then: goesOn},
	{name: "the log cannot be synced under one client", strace: unsynced, records: nothing, then: killedSoon, clients: 1},
	{name: "the log cannot be synced", strace: unsynced, records: nothing, then: killedAmid},
	{name: "the log cannot be synced for longer than clients wait", strace: unsynced, records: nothing, outlast: true, then: goesOn},
	{name: "the log cannot be synced for longer than clients wait", strace: unsynced, records: nothing, outlast: true, then: killedSoon},
	{name: "the log cannot be synced for longer than clients wait", strace: unsynced, records: nothing, outlast: true, then: killedAmid},
	{name: "the log cannot be synced under one write", strace: unsynced, records: nothing, then: killedAmid, clients: 1, once: true},
	{name: "every other sync of the log fails", strace: straced{"fsync", "error=EIO:when=1+2", wal}, records: something, then: killedSoon},
	{name: "a sync of the log takes longer than clients wait", strace: straced{"fsync", "delay_enter=15s", wal}, records: slowly, outlast: true, then: goesOn},
	{name: "the log cannot be written", strace: unwritten, records: nothing, then: goesOn},
	{name: "the log cannot be written under one client", strace: unwritten, records: nothing, then: killedSoon, clients: 1},
	{name: "one in seven writes to the log fails", strace: straced{"pwrite64", "error=EIO:when=5+7", wal}, records: something, then: killedSoon},
	{name: "the log cannot be read", strace: straced{"pread64", "error=EIO", log}, records: something, then: goesOn},
	{name: "another process holds the log's write lock", records: nothing, then: goesOn},
	{name: "the disk is full", strace: full, records: nothing, then: goesOn},
	{name: "the disk is full under one client", strace: full, records: nothing, then: killedSoon, clients: 1},
	{name: "the disk is full for longer than clients wait", strace: full, records: nothing, outlast: true, then: goesOn},
	{name: "the disk is full for longer than clients wait", strace: full, records: nothing, outlast: true, then: killedAmid},
	{name: "the log's WAL cannot be moved into its file", strace: straced{"pwrite64", "error=EIO", []string{"log.db"}}, records: everything, then: goesOn, payload: large},
	{name: "the log's file cannot be synced", strace: straced{"fsync", "error=EIO", []string{"log.db"}}, records: everything, then: goesOn, payload: large},
	{name: "the read tables cannot be written", strace: straced{"pwrite64", "error=EIO", reads}, records: everything, then: goesOn},
	{name: "the read tables' disk is full", strace: straced{"pwrite64,ftruncate", "error=ENOSPC", reads}, records: everything, then: goesOn},
}

// large is a payload that fills a WAL within a second or two, so that it is moved into its file.
const large = 200_000
