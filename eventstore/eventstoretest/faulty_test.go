package eventstoretest_test

import (
	"errors"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/memory"
)

// appendNext appends one event to the end of the inner log, and says whether decide was called.
func appendNext(t *testing.T, log *eventstoretest.Faulty) (decided bool, err error) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = log.Append(t.Context(), head, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		decided = true
		id := core.ID{15: byte(head + 1)}
		return []core.Recorded{{
			Position: head + 1, TenantPosition: head + 1, Stream: core.Stream{Tenant: core.ID{1}, ID: id}, Version: 1, EventID: id, RecordedAt: core.InstantOf(now),
			Event: core.ResultLinked{ResultID: id, ActivityID: core.ID{2}, ProviderActivityID: "p"},
		}}, nil
	})
	return decided, err
}

func TestFaultyDoesWhatItsScriptSays(t *testing.T) {
	log := eventstoretest.NewFaulty(memory.New(time.Now))
	script := []struct {
		fault                                  eventstoretest.Fault
		fails, indefinite, decided, persistent bool
	}{
		{fault: eventstoretest.NoFault, decided: true, persistent: true},
		{fault: eventstoretest.FailsBeforeDecide, fails: true},
		{fault: eventstoretest.FailsBeforeCommit, fails: true, decided: true},
		{fault: eventstoretest.LosesUnwritten, fails: true, indefinite: true, decided: true},
		{fault: eventstoretest.LosesWritten, fails: true, indefinite: true, decided: true, persistent: true},
		{fault: eventstoretest.NoFault, decided: true, persistent: true}, // not scripted: the script is at its end
	}
	for _, step := range script[:len(script)-1] {
		log.Next(step.fault)
	}
	for i, step := range script {
		before, _ := log.Head(t.Context())
		decided, err := appendNext(t, log)
		after, _ := log.Head(t.Context())
		if errors.Is(err, eventstoretest.ErrInjected) != step.fails || errors.Is(err, eventstore.ErrIndefinite) != step.indefinite {
			t.Errorf("step %d: got error %v, want %+v", i, err, step)
		}
		if decided != step.decided || (after > before) != step.persistent {
			t.Errorf("step %d: decided %v, head %d after %d, want %+v", i, decided, after, before, step)
		}
		if got, want := log.Left(), max(0, len(script)-2-i); got != want || log.Appends() != i+1 {
			t.Errorf("step %d: %d appends, %d left, want %d left", i, log.Appends(), got, want)
		}
	}
}

func TestFaultyHandsOnWhatDecideSays(t *testing.T) {
	log := eventstoretest.NewFaulty(memory.New(time.Now))
	log.Next(eventstoretest.LosesWritten, eventstoretest.LosesUnwritten)
	if err := log.Append(t.Context(), 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return nil, nil }); err != nil {
		t.Errorf("nothing to append: %v", err)
	}
	refusal := errors.New("no")
	if err := log.Append(t.Context(), 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return nil, refusal }); err != refusal {
		t.Errorf("got error %v, want decide's own", err)
	}
}

func TestFaultyHoldsAnAppendUntilItIsReleased(t *testing.T) {
	log := eventstoretest.NewFaulty(memory.New(time.Now))
	entered, release := log.Hold()
	done := make(chan error, 1)
	go func() {
		_, err := appendNext(t, log)
		done <- err
	}()
	<-entered
	if head, _ := log.Head(t.Context()); head != 0 || len(done) != 0 {
		t.Errorf("head is %d while the append is held", head)
	}
	release()
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if head, _ := log.Head(t.Context()); head != 1 {
		t.Errorf("head is %d, want 1", head)
	}
}

func TestFaultyFailsReads(t *testing.T) {
	log := eventstoretest.NewFaulty(memory.New(time.Now))
	if _, err := appendNext(t, log); err != nil {
		t.Fatal(err)
	}
	log.FailReads(2)
	for i := range 3 {
		count, failed := 0, false
		for _, err := range log.ReadAll(t.Context(), 0) {
			count++
			failed = errors.Is(err, eventstoretest.ErrInjected)
		}
		if count != 1 || failed != (i < 2) {
			t.Errorf("read %d: %d yields, failed %v", i, count, failed)
		}
	}
}
