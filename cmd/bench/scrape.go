package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// scrape reads figures that have no labels from a node's /metrics, by their names.
func scrape(ctx context.Context, addr string, names ...string) (map[string]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	found := make(map[string]float64, len(names))
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		for _, wanted := range names {
			if name == wanted {
				if found[name], err = strconv.ParseFloat(text, 64); err != nil {
					return nil, fmt.Errorf("metric %s: %w", name, err)
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read /metrics of %s: %w", addr, err)
	}
	for _, wanted := range names {
		if value, ok := found[wanted]; !ok || math.IsNaN(value) {
			return nil, fmt.Errorf("/metrics of %s does not tell %s (status %d)", addr, wanted, answer.StatusCode)
		}
	}
	return found, nil
}

// The metrics that are looked at (docs/metrics.md).
const (
	headMetric   = "resultlog_log_head"
	replayMetric = "resultlog_replay_seconds"
	lagMetric    = "resultlog_projection_lag_seconds"
	behindMetric = "resultlog_projection_lag_events"
	treesMetric  = "resultlog_audit_position"
)

// sampler looks at a figure again and again, until it is ended.
type sampler struct {
	end    func() // may be called more than once
	done   chan struct{}
	values []float64
	err    error
}

// startSampler looks every so often, or as often as looking allows.
func startSampler(every time.Duration, look func() (float64, error)) *sampler {
	ending := make(chan struct{})
	s := &sampler{end: sync.OnceFunc(func() { close(ending) }), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			value, err := look()
			if err != nil {
				s.err = err
				return
			}
			s.values = append(s.values, value)
			select {
			case <-ticks.C:
			case <-ending:
				return
			}
		}
	}()
	return s
}

// stop ends it, and gives what it has seen.
func (s *sampler) stop() ([]float64, error) {
	s.end()
	<-s.done
	return s.values, s.err
}
