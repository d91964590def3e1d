package main

import (
	"context"
	"fmt"
	"os"
)

// once is how often is measured what --quick has no time for more often.
func (b benchCommand) once() int {
	if b.Quick {
		return 1
	}
	return b.Rounds
}

// enginesOf lists the engines that a part is measured on.
func enginesOf(p product, r *report) []engine { return p.engines(r.Machine.Postgres != "") }

func measureOpenPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if b.Quick { // it has no target
		return nil
	}
	r.Open, err = s.measureOpen(ctx, p.openContenders(r.Machine.Postgres != ""), b.Rate, b.Rounds)
	return err
}

func measureTenantsPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if b.Quick { // it has no target
		return nil
	}
	r.Tenants, err = s.tenantRounds(ctx, p, b.Rounds)
	return err
}

func measureOverloadPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if r.Bursts, err = s.measureBursts(ctx, enginesOf(p, r), b.once()); err != nil {
		return err
	}
	engines := enginesOf(p, r)
	if b.Quick { // what is about the other engine is hardly another matter
		engines = engines[:1]
	}
	r.Overloads, err = s.measureOverloads(ctx, engines)
	return err
}

func measureCatchUpPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if b.most() == 0 {
		return nil
	}
	if !b.growsInstead() {
		fmt.Fprintf(os.Stderr, "making histories of %d events\n", b.most())
		if r.CatchUps, err = s.measureCatchUp(ctx, p, enginesOf(p, r), b.most(), b.Rounds); err != nil {
			return err
		}
		if r.Machine.Postgres != "" {
			if r.Stock, err = s.measureStock(ctx, max(1, int(stockShare*float64(b.most()))), b.Rounds); err != nil {
				return err
			}
		}
	}
	r.Lags, err = s.measureLags(ctx, enginesOf(p, r), b.once())
	return err
}

func measureReplayPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if b.Activities == 0 || b.growsInstead() {
		return nil
	}
	fmt.Fprintf(os.Stderr, "making histories of %d activities\n", b.Activities)
	r.Restarts, err = s.measureReplay(ctx, p, enginesOf(p, r), b.Activities, b.Rounds)
	return err
}

// growsInstead tells that the histories of growth serve for rebuilding and restarting too: to make others takes longer than all that is measured.
func (b benchCommand) growsInstead() bool { return b.Quick && b.measures(growthPart) }

func measureMemoryPart(_ context.Context, b benchCommand, _ settings, _ product, r *report) error {
	if b.Activities == 0 {
		return nil
	}
	one, err := measureMemory(b.Activities)
	r.Memory = &one
	return err
}

func measureGrowthPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if b.most() == 0 {
		return nil
	}
	if r.Growth, err = s.measureGrowth(ctx, p, enginesOf(p, r), b.Events, b.once()); err == nil && b.growsInstead() {
		r.CatchUps, r.Restarts = r.Growth.rebuilds(), r.Growth.restarts()
	}
	return err
}

func measurePagesPart(ctx context.Context, b benchCommand, s settings, _ product, r *report) (err error) {
	if b.Rows == 0 {
		return nil
	}
	fmt.Fprintf(os.Stderr, "filling read tables with %d results\n", b.Rows)
	r.Pages, err = measurePages(ctx, s.dir, b.Rows, b.Rounds)
	return err
}

func measureAuditPart(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	if b.most() == 0 {
		return nil
	}
	fmt.Fprintf(os.Stderr, "making a history of %d events\n", b.most())
	r.Audit, err = p.measureAudit(ctx, s.dir, b.most(), b.once())
	return err
}
