package eventstore

import (
	"context"

	"resultlog/core"
)

// Replay folds into the machine everything that the log holds after the machine's head. Seen, if not nil, is shown each event, slim (see Log.ReadSlim), after it was folded in.
// Start, recovery and command-line tools all come through here.
func Replay(ctx context.Context, log Log, machine *core.Machine, seen func(core.Recorded)) error {
	for r, err := range log.ReadSlim(ctx, machine.Head()) {
		if err != nil {
			return err
		}
		if err := replayOne(machine, r, seen); err != nil {
			return err
		}
	}
	return nil
}

// replayMissed is Replay of what Append hands out.
func replayMissed(machine *core.Machine, missed []core.Recorded, seen func(core.Recorded)) error {
	for _, r := range missed {
		if err := replayOne(machine, r, seen); err != nil {
			return err
		}
	}
	return nil
}

func replayOne(machine *core.Machine, r core.Recorded, seen func(core.Recorded)) error {
	if err := machine.Replay(r); err != nil {
		return err
	}
	if seen != nil {
		seen(r)
	}
	return nil
}
