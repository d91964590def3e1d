package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections"
	"resultlog/projections/audit"
)

const (
	// clockAway is how far two clocks may be apart, or the newest event ahead of one: what NTP keeps them within, and a failover between servers, with much to spare.
	clockAway = 2 * time.Second

	// clockWrong is what no clock that is set may be away: tokens that one machine issues are refused by another beyond it.
	clockWrong = 30 * time.Second

	// auditLag is how long an event may wait to be in its tenant's tree, and that to be signed: a second at usual times, and some more while a node that kept them is replaced.
	auditLag = time.Minute
)

// firstYear is before anything that this program can have recorded: a clock that shows it was never set.
const firstYear = 2025

// versions tells what runs here, and what it runs on.
func (d *doctor) versions(ctx context.Context) (eventstore.Finding, error) {
	this := eventstore.Found("%s", thisBuild())
	if d.remote && !d.reached {
		return eventstore.Together(this, eventstore.Found("the server's is not known")), nil
	}
	return eventstore.Together(this, d.Version(ctx)), nil
}

// migrations tells of which shape each part of the store is.
func (d *doctor) migrations(ctx context.Context) (eventstore.Finding, error) {
	shapes, err := d.Shapes(ctx)
	if err != nil {
		return eventstore.Finding{}, err
	}
	var findings []eventstore.Finding
	advised := make(map[string]bool) // once is enough
	for _, shape := range shapes {
		f := shape.Finding()
		if advised[f.Advice] {
			f.Advice = ""
		}
		advised[f.Advice] = true
		findings = append(findings, f)
	}
	return eventstore.Together(findings...), nil
}

// standing is what the read tables say of themselves.
func (d *doctor) standing(ctx context.Context) (s projections.Standing, err error) {
	err = d.ReadTables(ctx, func(db *sql.DB) (err error) {
		s, err = projections.ReadStanding(ctx, db)
		return err
	})
	return s, err
}

// lag tells how far the read tables are behind the log.
func (d *doctor) lag(ctx context.Context) (eventstore.Finding, error) {
	tables, err := d.standing(ctx)
	if err != nil {
		return eventstore.Finding{}, err
	}
	head, _, err := d.Newest(ctx) // after the tables: then they are ahead of it only if it is another log
	if err != nil {
		return eventstore.Finding{}, err
	}
	if tables.Position > head {
		return eventstore.Found("the read tables are at %d, and the log ends at %d", tables.Position, head).
			Fail("they were made of another log: restart the servers, which make them again, or run resultlog rebuild"), nil
	}
	if tables.Position == head {
		return eventstore.Found("none: the log and the read tables are at %d", head), nil
	}
	since, err := d.since(ctx, tables.Position+1)
	found := eventstore.Found("behind by %d: the log is at %d, the read tables at %d; the first event that they lack was recorded %s ago", head-tables.Position, head, tables.Position, lasting(since))
	if since > projections.MaxReadLag {
		return found.Warn("see whether a server runs, since one applies them, and what its log and /readyz/reads say"), err
	}
	return found, err
}

// since is how long ago an event was recorded.
func (d *doctor) since(ctx context.Context, at core.Position) (time.Duration, error) {
	recorded, err := d.RecordedAt(ctx, at)
	return max(0, d.now().Sub(recorded.Time())), err
}

// deadLetters tells of events that the read tables could not take.
func (d *doctor) deadLetters(ctx context.Context) (eventstore.Finding, error) {
	tables, err := d.standing(ctx)
	if err != nil || tables.Parked == 0 {
		return eventstore.Found("none"), err
	}
	return eventstore.Found("%d, the oldest since %s", tables.Parked, tables.Oldest).Warn("resultlog deadletters list shows them, and resultlog deadletters --help says what to do"), nil
}

// clock tells whether the clock here, that of the server and the log agree.
func (d *doctor) clock(ctx context.Context) (eventstore.Finding, error) {
	offset, give, err := d.Offset(ctx, d.now)
	if err != nil {
		return eventstore.Finding{}, err
	}
	head, newest, err := d.Newest(ctx)
	if err != nil {
		return eventstore.Finding{}, err
	}
	now := d.now()
	findings := []eventstore.Finding{judgeYear(now)}
	if d.remote {
		findings = append(findings, judgeOffset(offset, give))
	}
	if head > 0 {
		findings = append(findings, judgeNewest(newest, newest.Time().Sub(now.Add(offset))))
	}
	return eventstore.Together(findings...), nil
}

// setClock is what to do about a clock.
const setClock = "set the clock, and keep it by NTP (timedatectl, chronyc tracking)"

func judgeYear(now time.Time) eventstore.Finding {
	found := eventstore.Found("it is %s here", core.InstantOf(now))
	if now.Year() < firstYear {
		return found.Fail(setClock)
	}
	return found
}

// judgeOffset judges how far a server's clock is ahead of ours; what the way there and back leaves open is in its favour.
func judgeOffset(offset, give time.Duration) eventstore.Finding {
	where := "ahead"
	if offset < 0 {
		where = "behind"
	}
	return byDistance(eventstore.Found("the database server's clock is %s %s, give or take %s", lasting(offset.Abs()), where, lasting(give)), offset.Abs()-give,
		setClock+" on both machines: events are recorded by the server's, tokens are judged by that of each node")
}

// judgeNewest judges how far the log is ahead of its clock.
func judgeNewest(newest core.Instant, ahead time.Duration) eventstore.Finding {
	if ahead <= 0 {
		return eventstore.Found("the newest event was recorded at %s", newest)
	}
	return byDistance(eventstore.Found("the newest event was recorded at %s, which is %s from now", newest, lasting(ahead)), ahead,
		fmt.Sprintf("times never go back along the log: whatever comes until then is recorded at %s. If the clock is behind, %s; if it was ahead, it can only be waited for", newest, setClock))
}

// byDistance is as bad as two times are apart.
func byDistance(found eventstore.Finding, away time.Duration, advice string) eventstore.Finding {
	switch {
	case away > clockWrong:
		return found.Fail(advice)
	case away > clockAway:
		return found.Warn(advice)
	}
	return found
}

// checkpoints tells whether the audit's trees keep up with the log, and are signed.
func (d *doctor) checkpoints(ctx context.Context) (eventstore.Finding, error) {
	var trees audit.Standing
	err := d.AuditTables(ctx, func(db *sql.DB) (err error) {
		trees, err = audit.ReadStanding(ctx, db)
		return err
	})
	if err != nil {
		return eventstore.Finding{}, err
	}
	head, _, err := d.Newest(ctx)
	switch {
	case err != nil:
		return eventstore.Finding{}, err
	case trees.Position > head:
		return eventstore.Found("the audit's trees are at %d, and the log ends at %d", trees.Position, head).
			Warn("they were made of another log: the next server to run makes them again, and keeps what was signed; resultlog verify tells what does not hold"), nil
	case head == 0:
		return eventstore.Found("none yet: the log is empty"), nil
	}
	found := eventstore.Found("none is signed yet")
	if trees.SignedAt > 0 {
		found = eventstore.Found("the newest was signed at %s, %s ago", trees.SignedAt, lasting(d.now().Sub(trees.SignedAt.Time())))
	}
	if trees.Position == head && trees.Unsigned == 0 {
		return eventstore.Together(found, eventstore.Found("all %d events are in the trees", head)), nil
	}
	since, err := d.since(ctx, min(trees.Position+1, head))
	waiting := eventstore.Found("events in no tree: %d, trees unsigned: %d, for %s", head-trees.Position, trees.Unsigned, lasting(since))
	if since > auditLag {
		waiting = waiting.Warn("see whether a server runs, since one makes and signs them, and what its log says of the audit")
	}
	return eventstore.Together(found, waiting), err
}

// lasting is a time that something takes, for people.
func lasting(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
