// Package eventstoretest is the law for every backend of the log: Run judges one, and Faulty makes one fail on demand.
package eventstoretest

import (
	"testing"

	"resultlog/eventstore"
)

// Backend is one log, empty at first, and how a test gets at it.
type Backend struct {
	// Open gives a handle on the log. Called again, it gives another one on the same log, as a second process would have it. A backend that is nothing but its handle
	// gives the same again. The suite closes what it opens, some of it twice.
	Open func(t *testing.T) eventstore.Log

	// Durable says that the log outlives its handles.
	Durable bool

	// Exec runs a statement of SQL on the log, as a person at the database's own prompt would; nil if the backend has no such thing. The table is called events.
	Exec func(t *testing.T, statement string) error
}

// Run judges a backend. Fresh gives an empty log for each test.
func Run(t *testing.T, fresh func(t *testing.T) Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"an empty log has head 0 and yields nothing", emptyLog},
		{"what is appended is read back with every byte", bytesInBytesOut},
		{"what is appended outlives its handle", durable},
		{"decide gets the log's clock", clock},
		{"decide's error comes back as it is, and nothing is written", decideFails},
		{"decide may have nothing to append", nothingToAppend},
		{"what does not continue the log is refused whole", refusedWhole},
		{"a panic of decide leaves the log usable", decidePanics},
		{"a cancelled context never reaches decide", cancelledBefore},
		{"a context cancelled in decide gives nothing up half way", cancelledWithin},
		{"each handle gets what it missed, in order and once", missed},
		{"an appender that is ahead of the log is told that it has diverged", ahead},
		{"an appender that missed too much is told so", farBehind},
		{"an appender that missed too many bytes is told so", farBehindInBytes},
		{"appenders on two handles leave no gap and no repeat", concurrentAppenders},
		{"readers see a prefix at any time", readersSeePrefix},
		{"reading crosses the bounds of pages", pages},
		{"reading goes on to what is appended meanwhile", readsOn},
		{"reading can be stopped, and begun again", stopsAndBeginsAgain},
		{"reading ends when its context does", readingCancelled},
		{"what is read slim is what a machine reads", slim},
		{"a slim encoding of another version is left unread", otherSlim},
		{"a stream is read by version, and by its own tenant alone", streams},
		{"a tenant is read by tenant position, every byte as it is stored", tenantEntries},
		{"an event of a newer program ends reading", unknownEvent},
		{"a closed log answers ErrClosed", closed},
		{"Close waits for the append under way", closeWaits},
		{"the database itself keeps the log append-only", appendOnly},
		{"what is erased is what stands before a version in one stream", erases},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, &bench{Backend: fresh(t)}) })
	}
}
