package main

import (
	"context"
	"fmt"
	"os"
)

// quickClients are the numbers of clients that --quick measures a contender with: those that a target speaks of. What has none is left out, and so is what the trees cost:
// of a few hundredths a short run says nothing.
var quickClients = map[string][]int{
	ceilingName: {256}, plainFileName: {1, 64, 256}, knownName: {1, 64, 256}, batchesName: {batchClients}, crudName: {256}, postgresName: {256}, twoNodesName: {256},
}

// contenders lists who is measured, in the order of each round: the limits first, since their rates say how much to prepare for.
func (b benchCommand) contenders(p product, onPostgres bool) (all []contender) {
	if b.measures(ratesPart) || onPostgres {
		all = append(all, ceiling(p.token))
	}
	if b.measures(ratesPart) || b.measures(treesPart) {
		all = append(all, plainFile(p.token), p.known())
	}
	if b.measures(treesPart) {
		all = append(all, p.treeless())
	}
	if b.measures(ratesPart) {
		all = append(all, p.batches(), p.keyed(), p.standalone())
	}
	if onPostgres {
		all = append(all, p.postgresContenders()...)
	}
	if b.Quick {
		return quickest(all)
	}
	return all
}

// quickest keeps what --quick measures of contenders.
func quickest(all []contender) (some []contender) {
	for _, c := range all {
		if clients := quickClients[c.name]; clients != nil {
			c.only = clients
			some = append(some, c)
		}
	}
	return some
}

// measureRates measures the contenders of the parts that were asked for.
func measureRates(ctx context.Context, b benchCommand, s settings, p product, r *report) (err error) {
	all := b.contenders(p, b.measures(postgresPart) && r.Machine.Postgres != "")
	for _, c := range all {
		r.Contenders = append(r.Contenders, c.name)
	}
	r.Runs, err = b.rounds(ctx, s, all)
	return err
}

// rounds measures every contender with every number of clients, one after the other, and all of that again in each round:
// what is compared stands side by side.
func (b benchCommand) rounds(ctx context.Context, s settings, all []contender) (results, error) {
	var done results
	for round := 1; round <= b.Rounds; round++ {
		for _, clients := range b.Clients {
			for _, c := range all {
				if !c.takes(clients) {
					continue
				}
				one, err := s.measure(ctx, c, clients, done.expected(c, clients))
				if err != nil {
					return nil, fmt.Errorf("%s, %d clients, round %d: %w", c.name, clients, round, err)
				}
				one.Contender, one.Clients, one.Round = c.name, clients, round
				done = append(done, one)
				fmt.Fprintf(os.Stderr, "round %d/%d  %4d clients  %-34s %8.0f/s  p99 %7.2f ms  lag %6.1f ms\n", round, b.Rounds, clients, c.name, one.Rate, one.P99, one.Lag)
			}
		}
	}
	return done, nil
}
