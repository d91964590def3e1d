package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be a contender's process, as the bench's own is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == contenderArgument {
		main()
		return
	}
	code := m.Run()
	if shared.Cluster != nil {
		shared.Close()
	}
	os.RemoveAll(builtIn)
	os.Exit(code)
}

func TestTailFindsTheAddress(t *testing.T) {
	for _, line := range []string{
		"time=2026-11-23T15:00:00Z level=INFO msg=listening addr=127.0.0.1:4321\n",
		"time=2026-11-23T15:00:00Z level=INFO msg=listening version=v1 addr=127.0.0.1:4321 pid=1\n",
		`{"time":"2026-11-23T15:00:00Z","level":"INFO","msg":"listening","addr":"127.0.0.1:4321"}` + "\n",
	} {
		log := &tail{addr: make(chan string, 1)}
		log.Write([]byte("level=INFO msg=replayed events=0\n"))
		for _, b := range []byte(line) { // lines may come in pieces
			log.Write([]byte{b})
		}
		select {
		case addr := <-log.addr:
			if addr != "127.0.0.1:4321" {
				t.Errorf("%q in %q", addr, line)
			}
		default:
			t.Errorf("no address in %q", line)
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	log := &tail{addr: make(chan string, 1)}
	log.Write([]byte("msg=listening addr=127.0.0.1:1\n" + strings.Repeat("x", 2*tailBytes)))
	log.Write([]byte("the end"))
	if len(log.text) != tailBytes || !strings.HasSuffix(string(log.text), "the end") {
		t.Errorf("%d bytes are kept, ending with %q", len(log.text), log.text[len(log.text)-10:])
	}
}

func TestStartSaysWhyAContenderDidNotListen(t *testing.T) {
	_, err := start(exec.CommandContext(t.Context(), "sh", "-c", "echo no room >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "no room") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
}

func TestStopSaysWhenAContenderDidNotExitCleanly(t *testing.T) {
	p, err := start(exec.CommandContext(t.Context(), "sh", "-c", `trap "echo lost >&2; exit 4" TERM; echo msg=listening addr=127.0.0.1:1 >&2; while :; do read line || wait; done`))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("%v", err)
	}
}

// The whole way of a run, in processes of their own, for the contenders that need nothing but this program.
func TestMeasureTheLimits(t *testing.T) {
	s := settings{dir: t.TempDir(), token: testToken, length: 100 * time.Millisecond}
	for _, c := range []contender{ceiling(testToken), plainFile(testToken)} {
		got, err := s.measure(t.Context(), c, 2, 0)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got.Requests < 1 || got.Rate <= 0 || got.P50 <= 0 || got.P99 < got.P50 || got.P999 < got.P99 || got.Seconds < 0.1 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A rate counts only if what was acknowledged was kept.
func TestMeasureGivesNoNumberForWhatWasNotKept(t *testing.T) {
	forgetful := ceiling(testToken)
	forgetful.verify = plainFile(testToken).verify
	s := settings{dir: t.TempDir(), token: testToken, length: 20 * time.Millisecond}
	if got, err := s.measure(t.Context(), forgetful, 1, 0); err == nil {
		t.Errorf("measured %+v", got)
	}
}

func TestMeasureEndsWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := ceiling(testToken)
	c.settle = nil
	c.prepare = func(context.Context, place, int64) error { cancel(); return nil }
	s := settings{dir: t.TempDir(), token: testToken, length: time.Minute}
	if _, err := s.measure(ctx, c, 1, 1000); err == nil {
		t.Error("a run that was interrupted gave a number")
	}
}
