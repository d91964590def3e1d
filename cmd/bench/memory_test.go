package main

import "testing"

// Whatever the machine keeps of an activity, it is more than its ids and less than its events.
func TestMemoryIsMeasured(t *testing.T) {
	got, err := measureMemory(5000)
	if err != nil {
		t.Fatal(err)
	}
	if got.Activities != 5000 || got.Bytes < 40 || got.Bytes > 1000 || len(got.verdicts()) != 1 {
		t.Errorf("%+v", got)
	}
	if none := (*memoryRun)(nil); none.verdicts() != nil {
		t.Errorf("%v of nothing", none.verdicts())
	}
}
