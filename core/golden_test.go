package core

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write what the machine does into testdata/machine, instead of comparing it")

// TestGolden runs the scripts of testdata/machine. A script is blocks with an empty line between them: lines that begin with # say why, then come the lines to run,
// as in script_test.go, then ---- and what came of them. Besides the commands and transition there are
//
//	commit     what is pending is durable
//	rollback   it is not, and is forgotten
//	state      all that is known, durable or not
//	replay     a new machine reads the log, as it was stored, and must know the same
//	restart    it takes the place of the old one
//
// After a change that is meant, go test ./core -run TestGolden -rewrite writes the outputs anew: read the diff.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/machine/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runGolden(t, file) })
	}
}

func runGolden(t *testing.T, file string) {
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlay()
	var blocks []string
	for _, block := range strings.Split(strings.TrimSpace(string(script)), "\n\n") {
		input, _, _ := strings.Cut(block, "\n----")
		blocks = append(blocks, input+p.outputs(t, input))
	}
	got := strings.Join(blocks, "\n\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(script), got); diff != "" {
		t.Errorf("%s (-script +machine):\n%s", file, diff)
	}
}

// outputs is what comes of the lines of a block, with the ---- before it; nothing if the block is only a comment.
func (p *play) outputs(t *testing.T, input string) string {
	t.Helper()
	var out strings.Builder
	ran := false
	for _, text := range strings.Split(input, "\n") {
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		ran = true
		output, err := p.perform(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out.WriteString(output)
	}
	if !ran {
		return ""
	}
	return "\n----\n" + strings.TrimSuffix(out.String(), "\n")
}

// perform runs one line.
func (p *play) perform(text string) (string, error) {
	verb, _, _ := strings.Cut(text, " ")
	switch verb {
	case "commit":
		return fmt.Sprintf("%d events are durable, the log is at %d\n", p.commit(), p.machine.Head()), nil
	case "rollback":
		n := len(p.machine.Pending())
		p.machine.Rollback()
		return fmt.Sprintf("%d events are forgotten, the log is at %d\n", n, p.machine.Head()), nil
	case "state":
		return snapshotOf(p.machine.overlay).describe(), nil
	case "replay":
		again, err := replayed(p.log)
		if err != nil {
			return "", err
		}
		if diff := cmp.Diff(snapshotOf(p.machine.base), snapshotOf(again.base), cmp.AllowUnexported(ResultTypes{})); diff != "" {
			return "", fmt.Errorf("the log gives another state:\n%s", diff)
		}
		return fmt.Sprintf("%d events give the same state\n", len(p.log)), nil
	case "restart":
		return fmt.Sprintf("%d events are read again\n", len(p.log)), p.restart()
	case "transition":
		r, err := p.transition(text)
		if err != nil {
			return "", err
		}
		return stored(r), nil
	}
	receipt, refusal, err := p.command(text)
	if err != nil {
		return "", err
	}
	if refusal != nil {
		return refused(refusal), nil
	}
	if receipt.Replayed > 0 {
		return receipt.replays() + "\n", nil
	}
	var b strings.Builder
	for _, r := range receipt.Events {
		b.WriteString(stored(r))
	}
	return b.String(), nil
}
