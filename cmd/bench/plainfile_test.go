package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPlainFileKeepsWhatItAcknowledges(t *testing.T) {
	dir := t.TempDir()
	file, err := openFileLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	clients := clientsOf(t, limitHandler(testToken, file.keep), 8)
	got, err := clients.closedLoop(submission(testToken), numbers(500), time.Minute)
	if err != nil || len(got.acknowledged()) != 500 {
		t.Fatalf("%d answers, %v", len(got.acknowledged()), err)
	}
	verify := plainFile(testToken).verify
	if err := verify(t.Context(), place{dir: dir}, got.acknowledged()); err != nil { // before close: what is acknowledged is written already
		t.Error(err)
	}
	if err := file.close(); err != nil {
		t.Error(err)
	}
	if err := verify(t.Context(), place{dir: dir}, got.acknowledged()[1:]); err == nil {
		t.Error("a file that holds more than was acknowledged passed the verification")
	}
	if err := os.Truncate(filepath.Join(dir, submissionsFile), 1000); err != nil {
		t.Fatal(err)
	}
	if err := verify(t.Context(), place{dir: dir}, got.acknowledged()); err == nil {
		t.Error("a file cut short passed the verification")
	}
}

// A group is what waits, up to the bound, and nobody is left behind.
func TestDrainTakesWhatWaitsUpToTheBound(t *testing.T) {
	l := &fileLog{waiting: make(chan waiter, 2*maxGroup)}
	for range maxGroup + 5 {
		l.waiting <- waiter{}
	}
	if n := len(l.drain(make([]waiter, 1))); n != maxGroup {
		t.Errorf("first group has %d, want %d", n, maxGroup)
	}
	close(l.waiting)
	if n := len(l.drain(nil)); n != 6 {
		t.Errorf("second group has %d, want 6", n)
	}
}

func TestPlainFileFailsWhenItsFileDoes(t *testing.T) {
	file, err := openFileLog(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file.file.Close()
	if err := file.keep([]byte("{}")); err == nil {
		t.Error("acknowledged what cannot be written")
	}
	file.close()
}
