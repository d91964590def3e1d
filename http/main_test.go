package httpapi

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var rewrite = flag.Bool("rewrite", false, "write what the server answers into the scripts, instead of comparing")

func TestMain(m *testing.M) {
	// net/http lingers for half a second on a connection whose headers were too large, so that the client can read the answer.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
