package audit_test

import (
	"testing"

	"resultlog/core"
	"resultlog/projections/audit"
)

// erasing is a history of one result: submitted with a personal part, and erased.
func erasing(t *testing.T) (submitted, erased core.Entry) {
	t.Helper()
	machine, tenant, result := core.NewMachine(), core.ID{0: 1, 6: 0x70, 8: 0x80}, core.ID{0: 2, 6: 0x70, 8: 0x80}
	for n, intent := range []core.Intent{
		core.SubmitResult{ResultID: result, Submission: core.Submission{CommerceExternalID: "c", OccurredAt: 1, Status: core.ResultCompleted, Result: "success", Personal: core.Personal{Comment: "of a person"}.Seal()}},
		core.ErasePersonal{ResultID: result},
	} {
		if _, err := machine.Step(core.Command{Tenant: tenant, At: 2, EventID: core.ID{0: 3, 6: 0x70, 8: 0x80, 14: byte(n)}, Intent: intent}); err != nil {
			t.Fatal(err)
		}
	}
	return core.NewEntry(machine.Pending()[0]), core.NewEntry(machine.Pending()[1])
}

// An erasure that was recorded and done is as it must be. One that was done and not recorded is found, and so is one that was recorded and not done, or put back afterwards.
func TestErasuresAreRecordedAndDone(t *testing.T) {
	submitted, erased := erasing(t)
	gone := submitted
	gone.Personal = nil
	for name, one := range map[string]struct {
		log   []core.Entry
		found bool
	}{
		"never erased":              {[]core.Entry{submitted}, false},
		"recorded, and done":        {[]core.Entry{gone, erased}, false},
		"done, and not recorded":    {[]core.Entry{gone}, true},
		"recorded, and still there": {[]core.Entry{submitted, erased}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var findings []audit.Finding
			v := audit.NewVerifier(audit.Verification{Found: func(f audit.Finding) { findings = append(findings, f) }})
			for _, e := range one.log {
				p := audit.Prepare(e, nil)
				if err := v.Next(t.Context(), &p); err != nil {
					t.Fatal(err)
				}
			}
			if err := v.End(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(findings) > 0 != one.found || one.found && (findings[0].Kind != audit.KindPersonal || findings[0].First != 1 || findings[0].Position != 1) {
				t.Errorf("%+v", findings)
			}
		})
	}
}
