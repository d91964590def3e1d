package observetest

import (
	"bytes"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"
)

// launch starts a program that listens at a port of its own choice, and waits until it says at which. It ends with the test.
func launch(t *testing.T, cmd *exec.Cmd, where *regexp.Regexp) (address string) {
	t.Helper()
	said := &output{where: where, address: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the error: it has ended already
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Args[0], said.text.String())
		}
	})
	select {
	case address = <-said.address:
	case <-time.After(patience):
		t.Fatalf("%s does not listen within %s", cmd.Args[0], patience)
	}
	return address
}

// output takes what a program says. One goroutine writes it, until the program has ended.
type output struct {
	where   *regexp.Regexp // of the line that says where it listens, the address in parentheses
	once    sync.Once
	address chan string // one value
	text    bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	_, _ = o.text.Write(p) // it never fails
	if found := o.where.FindSubmatch(o.text.Bytes()); found != nil {
		o.once.Do(func() { o.address <- string(found[1]) })
	}
	return len(p), nil
}
