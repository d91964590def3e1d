package main

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// startLimit is how long a node may take until it listens, and a client waits for one that does: a fraction of a second, and under the race detector a few. Only what is broken waits for it.
	startLimit = 30 * time.Second

	// askAgain is the pause before something is asked again.
	askAgain = 5 * time.Millisecond
)

// fleet is nodes of one store, each a process of its own.
type fleet struct {
	t      *testing.T
	store  string
	stands []*stand
}

// stand is where a node runs, one after the other.
type stand struct {
	now  atomic.Pointer[server]
	kill func() // of the one that runs
}

// newFleet starts nodes, which all end with the test.
func newFleet(t *testing.T, store string, nodes int) *fleet {
	t.Helper()
	f := &fleet{t: t, store: store}
	for range nodes {
		f.stands = append(f.stands, f.start(&stand{}))
	}
	return f
}

// start starts a node at a stand, and waits until it listens.
func (f *fleet) start(p *stand) *stand {
	cmd := f.program("serve", "--addr", "127.0.0.1:0", "--store", f.store, "--drain", "0s", "--signing-key", filepath.Join(f.t.TempDir(), signingKeyFile))
	written, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Error(err)
		return p
	}
	s := &server{log: &lockedText{}, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: startLimit}, token: adminToken(f.t)}
	listening, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		listen(written, s.log, listening)
		_ = cmd.Wait() // how it ended is in its log, unless it was killed
	}()
	p.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // the error: it has ended by itself, which its log says
		<-ended
		s.http.CloseIdleConnections()
		f.mustHaveRun(s.log.String())
	})
	f.t.Cleanup(p.kill)
	if addr, ok := <-listening; ok {
		s.base = "http://" + addr
		p.now.Store(s)
		return p
	}
	f.t.Errorf("a node does not listen:\n%s", s.log)
	return p
}

// program is the program, with the secret in its environment.
func (f *fleet) program(args ...string) *exec.Cmd {
	cmd := exec.Command("resultlog", args...) // TestMain has put it on the path
	cmd.Env = append(os.Environ(), "RESULTLOG_JWT_SECRET="+testSecret)
	return cmd
}

// listen collects what a node says until it has ended, and gives the address when it says that; none if it never does.
func listen(written io.Reader, log *lockedText, listening chan<- string) {
	defer close(listening)
	address := regexp.MustCompile(`"msg":"listening","addr":"(.*?)"`)
	lines := bufio.NewScanner(written)
	for found := false; lines.Scan(); {
		log.add(lines.Text())
		if addr := address.FindStringSubmatch(lines.Text()); addr != nil && !found {
			found = true
			listening <- addr[1]
		}
	}
}

// mustHaveRun fails the test if a node has said something before it was killed that it should not have.
func (f *fleet) mustHaveRun(log string) {
	for _, bad := range []string{"DATA RACE", "panic:", `"stopping: a part cannot go on"`, "the log is not the one that was read before"} {
		if strings.Contains(log, bad) {
			f.t.Errorf("a node said %q:\n%s", bad, log)
		}
	}
}

// replace kills the node at a stand, and starts another one there.
func (f *fleet) replace(p *stand) {
	p.kill()
	f.start(p)
}

// pick gives a node at random; of every so many times once not the first.
func (f *fleet) pick(r *rand.Rand, busy int) *server {
	if busy > 0 && r.IntN(busy+1) > 0 {
		return f.stands[0].now.Load()
	}
	first := min(busy, 1) // the busy one has had its turn
	return f.stands[first+r.IntN(len(f.stands)-first)].now.Load()
}
