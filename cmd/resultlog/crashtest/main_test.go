// Package crashtest proves that nothing acknowledged is ever lost: it runs the real program, lets clients write to it over HTTP, kills it at random moments or makes its disk
// fail, starts it again, and holds what the clients were told against what the log and the read tables say. docs/testing.md tells what is proved and how to run it.
package crashtest

import (
	"testing"

	"resultlog/cmd/resultlog/programtest"
)

// tenants are those of all clients: more than one, so that a tenant's positions are not the log's.
var tenants = []string{"01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-7ab2-80e2-4536629c90de"}

// program is what is tested, and token lets a client do all that the tests do. TestMain sets both.
var (
	program programtest.Program
	token   string
)

func TestMain(m *testing.M) {
	programtest.Main(m, func(built programtest.Program) (err error) {
		args := []string{"token", "--role", "ADMIN", "--ttl", "24h"}
		for _, tenant := range tenants {
			args = append(args, "--tenant", tenant)
		}
		program = built
		token, err = program.Print(args...)
		return err
	})
}
