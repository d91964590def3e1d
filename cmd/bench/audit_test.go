package main

import (
	"slices"
	"strings"
	"testing"
)

// A history is made, exported, and verified both ways; each is measured in each round, and what was not whole would be an error.
func TestAuditIsMeasured(t *testing.T) {
	runs, err := built(t).measureAudit(t.Context(), t.TempDir(), 3001, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{exporting, verifyingExport, verifyingLog} {
		if n := len(slices.DeleteFunc(slices.Clone(runs), func(r auditRun) bool { return r.Name != name || r.Events != 3003 || r.Seconds <= 0 })); n != 2 {
			t.Errorf("%s: %d runs, want 2: %+v", name, n, runs)
		}
	}
	var out strings.Builder
	runs.write(&out)
	if lines := strings.Count(out.String(), "\n"); lines != 6 || len(runs.verdicts()) != 1 {
		t.Errorf("%s%+v", out.String(), runs.verdicts())
	}
}

// A verification that has not seen everything, or found something, is no measurement.
func TestVerifiedInPartIsNoMeasurement(t *testing.T) {
	for report, sound := range map[string]bool{
		`{"ok":true,"events":9,"checkpoints":1}`: true, `{"ok":false,"events":9,"checkpoints":1}`: false, `{"ok":true,"events":8,"checkpoints":1}`: false, `{"ok":true,"events":9,"checkpoints":0}`: false, ``: false,
	} {
		if err := judgeVerified(report, 9); (err == nil) != sound {
			t.Errorf("%s: %v", report, err)
		}
	}
}
