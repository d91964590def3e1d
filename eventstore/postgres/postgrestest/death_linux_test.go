package postgrestest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// victim says in its environment that a test binary is there to be killed.
const victim = "RESULTLOG_POSTGRESTEST_VICTIM"

func TestServerEndsWithAKilledTestBinary(t *testing.T) {
	if os.Getenv(victim) != "" {
		c := Own(t)
		fmt.Println(c.dir, c.DSN("postgres"))
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or nobody is left to do so
		return
	}
	needPrograms(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), victim+"=1")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	dir, dsn, found := strings.Cut(strings.TrimSpace(line), " ")
	if !found {
		t.Fatalf("%q, %v", line, err)
	}
	defer os.RemoveAll(dir)
	connect(t, dsn)
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	running := filepath.Join(dir, "data", "postmaster.pid")
	for deadline := time.Now().Add(patience); err == nil; time.Sleep(lookAgain) { // the server removes the file as the last of its processes
		if _, err = os.Stat(running); time.Now().After(deadline) {
			t.Fatalf("a server outlives its test by %s", patience)
		}
	}
	if _, err := pgx.Connect(t.Context(), dsn); err == nil {
		t.Error("a server without its test still answers")
	}
}
