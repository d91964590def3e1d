package programtest

import (
	"slices"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	long := strings.Repeat("x", logTail-1)
	for name, c := range map[string]struct {
		written []string
		lines   []string
		tail    string
	}{
		"lines come however they are cut": {[]string{"a", "b\nc\n", "", "d\ne"}, []string{"ab", "c", "d"}, "ab\nc\nd\n"},
		"everyday lines are shown and not kept": {[]string{`{"level":"INFO","msg":"listening"}` + "\n" + `{"level":"WARN","msg":"request"}` + "\n" + `{"level":"ERROR","msg":"failed"}` + "\n"},
			[]string{`{"level":"INFO","msg":"listening"}`, `{"level":"WARN","msg":"request"}`, `{"level":"ERROR","msg":"failed"}`}, `{"level":"ERROR","msg":"failed"}` + "\n"},
		"the end is kept": {[]string{"first\n" + long + "\n"}, []string{"first", long}, long + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			l := &Log{Line: func(line []byte) { lines = append(lines, string(line)) }}
			for _, some := range c.written {
				if n, err := l.Write([]byte(some)); n != len(some) || err != nil {
					t.Fatal(n, err)
				}
			}
			if tail := l.Tail(); !slices.Equal(lines, c.lines) || tail != c.tail {
				t.Errorf("lines %q, the end %q; want %q and %q", lines, tail, c.lines, c.tail)
			}
		})
	}
}
