package memory_test

import (
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/memory"
)

func TestMemoryLog(t *testing.T) {
	eventstoretest.Run(t, func(*testing.T) eventstoretest.Backend {
		log := memory.New(time.Now)
		return eventstoretest.Backend{Open: func(*testing.T) eventstore.Log { return log }}
	})
}

func TestMemoryLogHandsOutItsClock(t *testing.T) {
	noon := time.Date(2025, 1, 16, 12, 0, 0, 0, time.UTC)
	err := memory.New(func() time.Time { return noon }).Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		if !now.Equal(noon) {
			t.Errorf("decide got %v, want %v", now, noon)
		}
		return nil, nil
	})
	if err != nil {
		t.Error(err)
	}
}
