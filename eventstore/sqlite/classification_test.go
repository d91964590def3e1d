package sqlite

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// TestClassificationAtTheTime: the query of docs/events.md gives what a submission's code counted as when it was decided, whatever the tenant, or another one, has said since.
func TestClassificationAtTheTime(t *testing.T) {
	doc, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(string(doc), "\n```sql\n")
	query, _, found := strings.Cut(query, "\n```\n")
	if !found {
		t.Fatal("the document has no query")
	}
	log, m := mustOpenLog(t, t.TempDir()), core.NewMachine()
	one, other := core.ID{15: 1}, core.ID{15: 2}
	steps := []struct {
		tenant core.ID
		intent core.Intent
	}{
		{one, submit("success")},
		{one, configure("success", core.Negative)},
		{other, configure("success", core.Positive)},
		{one, submit("success")},
		{one, submit("other")},
		{other, submit("success")},
		{one, configure("success", core.Positive)},
		{one, submit("success")},
		{one, configure("success", core.Unclassified)},
		{one, submit("success")},
		{one, configure("success", core.Negative)},
	}
	err = log.Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		for i, s := range steps {
			minted := core.ID{0: 1, 15: byte(4 * (i + 1))}
			if in, ok := s.intent.(core.SubmitResult); ok {
				in.ResultID = minted
				s.intent = in
			}
			if _, err := m.Step(core.Command{Tenant: s.tenant, At: core.InstantOf(now), EventID: minted, Intent: s.intent}); err != nil {
				return nil, err
			}
		}
		return m.Pending(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1 success -", "4 success NEGATIVE", "5 other -", "6 success POSITIVE", "8 success POSITIVE", "10 success -"}
	if diff := cmp.Diff(want, submissions(t, log, query)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func submit(code string) core.SubmitResult {
	return core.SubmitResult{Submission: core.Submission{CommerceExternalID: "store-001", Status: core.ResultPending, Result: code}}
}

func configure(code string, as core.Classification) core.ConfigureResultType {
	parsed, err := core.ParseResultCode(code)
	if err != nil {
		panic(err) // the test has written it
	}
	return core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: parsed, Active: true, Classification: as}}
}

// submissions are the rows of the query, a line each.
func submissions(t *testing.T, log *Log, query string) (lines []string) {
	t.Helper()
	rows, err := log.writer.conn.QueryContext(t.Context(), `SELECT position || ' ' || result || ' ' || ifnull(classification, '-') FROM (`+strings.TrimSuffix(query, ";")+`)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
