package core

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports: the core rests on the standard library and on looplab/fsm, and on nothing else, however far down.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "resultlog/core").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"resultlog/core": true, "github.com/looplab/fsm": true, "github.com/looplab/fsm/internal": true}
	for _, path := range strings.Fields(string(out)) {
		if !allowed[path] {
			t.Errorf("core comes to import %s", path)
		}
	}
	out, err = exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, "resultlog/core").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		for _, refused := range []string{"os", "net", "sync", "log", "database", "reflect", "unsafe", "runtime"} {
			if path == refused || strings.HasPrefix(path, refused+"/") {
				t.Errorf("core imports %s: it has no clock, goroutine, SQL, HTTP or log", path)
			}
		}
	}
}
