package main

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

const (
	// startLimit is how long a contender may take until it listens: an empty store is ready in well under a second.
	startLimit = 30 * time.Second

	// stopLimit is how long it may take to finish what it accepted and exit.
	stopLimit = 60 * time.Second

	// tailBytes is how much of a contender's log is kept, to be shown if it fails.
	tailBytes = 4 << 10
)

// listening matches the line that says where a server listens, in slog's text and JSON forms.
var listening = regexp.MustCompile(`listening.*\baddr"?[=:]\s*"?([^\s",}]+)["\s,}]`)

// process is a contender that runs.
type process struct {
	addr   string
	cmd    *exec.Cmd
	log    *tail
	exited chan error // one value, when it has exited
	asked  sync.Once  // to stop: a second signal would mean at once
}

// start runs a command and waits until it listens.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, log: &tail{addr: make(chan string, 1)}, exited: make(chan error, 1)}
	cmd.Stderr = p.log
	cmd.Cancel = p.terminate
	cmd.WaitDelay = stopLimit
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.exited <- cmd.Wait() }()
	select {
	case p.addr = <-p.log.addr:
		return p, nil
	case err := <-p.exited:
		return nil, p.failure("exited before it listened", err)
	case <-time.After(startLimit):
		return nil, p.failure(fmt.Sprintf("did not listen within %s", startLimit), p.kill())
	}
}

// stop asks the contender to finish and waits until it has.
func (p *process) stop() error {
	if err := p.terminate(); err != nil {
		return p.failure("was gone before it was stopped", <-p.exited)
	}
	select {
	case err := <-p.exited:
		if err != nil {
			return p.failure("did not stop cleanly", err)
		}
		return nil
	case <-time.After(stopLimit):
		return p.failure(fmt.Sprintf("did not stop within %s", stopLimit), p.kill())
	}
}

// terminate asks it to finish, once.
func (p *process) terminate() (err error) {
	p.asked.Do(func() { err = p.cmd.Process.Signal(syscall.SIGTERM) })
	return err
}

// kill ends it at once, and gives what Wait says.
func (p *process) kill() error {
	return errors.Join(p.cmd.Process.Kill(), <-p.exited)
}

// failure says what went wrong, with the end of the contender's log. It has exited.
func (p *process) failure(what string, err error) error {
	return fmt.Errorf("%s %s (%v); the end of its log:\n%s", p.cmd.Path, what, err, p.log.text)
}

// tail takes a contender's log: it announces the address that the contender listens on, and keeps the end. It costs next to nothing,
// since a contender may write a line for each request and its reader shares the cores with it.
type tail struct {
	addr chan string // one value, when the line has come
	text []byte
	told bool
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if !t.told {
		if match := listening.FindSubmatch(t.text); match != nil {
			t.told = true
			t.addr <- string(match[1])
		}
	}
	if extra := len(t.text) - tailBytes; extra > 0 && t.told {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}
