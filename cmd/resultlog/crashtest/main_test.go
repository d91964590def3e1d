// Package crashtest proves that nothing acknowledged is ever lost: it runs the real program, lets clients write to it over HTTP, kills it at random moments or makes its disk
// fail, starts it again, and holds what the clients were told against what the log and the read tables say. docs/testing.md tells what is proved and how to run it.
package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"resultlog/eventstore/postgres/postgrestest"
)

// tenants are those of all clients: more than one, so that a tenant's positions are not the log's.
var tenants = []string{"01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-7ab2-80e2-4536629c90de"}

// secret is what the servers verify tokens with.
const secret = "0123456789abcdef0123456789abcdef"

// binary is the program, and token lets a client do all that the tests do. TestMain sets both.
var binary, token string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "resultlog-crash-")
	if err == nil {
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	postgrestest.Stop()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build makes the program as it is shipped, without the race detector, and has it make a token.
func build(dir string) error {
	binary = filepath.Join(dir, "resultlog")
	if out, err := exec.Command("go", "build", "-o", binary, "resultlog/cmd/resultlog").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	args := []string{"token", "--role", "ADMIN", "--ttl", "24h"}
	for _, tenant := range tenants {
		args = append(args, "--tenant", tenant)
	}
	out, err := program(args...).Output()
	token = strings.TrimSpace(string(out))
	return err
}

// program is the program with its arguments, and the secret in its environment.
func program(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "RESULTLOG_JWT_SECRET="+secret)
	return cmd
}
