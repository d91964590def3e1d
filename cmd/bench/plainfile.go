package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"resultlog/core"
)

// plainFile is the physical limit of a durable answer: the ceiling, and before the answer the body is appended to a file and synced, with group commit.
func plainFile(token string) contender {
	return contender{
		name:    plainFileName,
		command: self("plain-file", token),
		verify: func(_ context.Context, at place, acknowledged []core.ID) error {
			content, err := os.ReadFile(filepath.Join(at.dir, submissionsFile))
			if err != nil {
				return err
			}
			if lines := bytes.Count(content, []byte("\n")); lines != len(acknowledged) {
				return fmt.Errorf("%d submissions are in the file, %d were acknowledged", lines, len(acknowledged))
			}
			return nil
		},
	}
}

const (
	submissionsFile = "submissions.ndjson"

	// maxGroup is the most bodies that one sync makes durable: measured, more gains nothing, and it bounds what one waits for.
	maxGroup = 512
)

// fileLog appends to a file. One goroutine writes and syncs what waits; while it is at the disk, the next group gathers.
type fileLog struct {
	file    *os.File
	waiting chan waiter
	done    chan struct{}
}

// waiter is a body that is to become durable, and where to say that it is.
type waiter struct {
	body    []byte
	durable chan error
}

func openFileLog(dir string) (*fileLog, error) {
	file, err := os.OpenFile(filepath.Join(dir, submissionsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	l := &fileLog{file: file, waiting: make(chan waiter, maxGroup), done: make(chan struct{})}
	go l.run()
	return l, nil
}

// keep returns when the body is durable. It may be called concurrently, until close.
func (l *fileLog) keep(body []byte) error {
	w := waiter{body: body, durable: make(chan error, 1)}
	l.waiting <- w
	return <-w.durable
}

// close waits for the last group.
func (l *fileLog) close() error {
	close(l.waiting)
	<-l.done
	return l.file.Close()
}

func (l *fileLog) run() {
	defer close(l.done)
	var group []waiter
	var text []byte
	for first := range l.waiting {
		group = l.drain(append(group[:0], first))
		text = text[:0]
		for _, w := range group {
			text = append(append(text, w.body...), '\n')
		}
		_, err := l.file.Write(text)
		if err == nil {
			err = syncData(l.file)
		}
		for _, w := range group {
			w.durable <- err
		}
	}
}

// drain takes what is already waiting, without waiting for more.
func (l *fileLog) drain(group []waiter) []waiter {
	for len(group) < maxGroup {
		select {
		case w, ok := <-l.waiting:
			if !ok {
				return group
			}
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}
