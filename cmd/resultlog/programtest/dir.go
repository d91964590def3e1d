package programtest

import (
	"os"
	"testing"
)

// KeptDir makes a temporary directory for a store, which stays, and is named, if the test fails; a test's own are gone then. The name's pattern is that of os.MkdirTemp.
func KeptDir(t testing.TB, pattern string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the store is left in %s", dir)
			return
		}
		_ = os.RemoveAll(dir) // the error: it is a temporary one
	})
	return dir
}
