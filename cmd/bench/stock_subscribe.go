package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
)

// stockRun is how long the stock subscriber took for a topic, in one round.
type stockRun struct {
	Name     string  `json:"name"`
	Round    int     `json:"round"`
	Messages int     `json:"messages"`
	Seconds  float64 `json:"seconds"`
}

// stockRuns are all that were measured.
type stockRuns []stockRun

// What the stock subscriber's handler does, as the report shows it.
const (
	stockNoop   = "stock watermill-sql, handler that does nothing"
	stockUpsert = "stock watermill-sql, one upsert each"
)

const (
	// stockShare is how many messages the topic has, of the events of the history that stands beside it: the stock subscriber takes a good deal longer for each.
	stockShare = 0.05

	// publishedAtOnce is how many messages a topic is filled with in one statement: three arguments each, of 65,535 that PostgreSQL takes.
	publishedAtOnce = 5000
)

// stockTable is what the upserts go to: a row for each message, as a read table has one for each result.
const stockTable = `CREATE TABLE stock_results (id text PRIMARY KEY, body text NOT NULL)`

// measureStock fills a topic, and has the stock subscriber work it off from its beginning, in turns with a handler that does nothing and one that writes a row.
func (s settings) measureStock(ctx context.Context, messages, rounds int) (runs stockRuns, err error) {
	at, leave, err := s.find(ctx, contender{onPostgres: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	db, err := openStock(ctx, at.dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := fillTopic(ctx, db, messages); err != nil {
		return nil, fmt.Errorf("fill a topic with %d messages: %w", messages, err)
	}
	for round := 1; round <= rounds; round++ {
		for _, one := range []struct {
			name   string
			handle func(*message.Message) error
		}{{stockNoop, doNothing}, {stockUpsert, upsert}} {
			if _, err := db.ExecContext(ctx, `TRUNCATE stock_results`); err != nil {
				return nil, err
			}
			begin := time.Now()
			if err := workOff(ctx, db, fmt.Sprint(one.name, round), messages, one.handle); err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			run := stockRun{Name: one.name, Round: round, Messages: messages, Seconds: time.Since(begin).Seconds()}
			runs = append(runs, run)
			fmt.Fprintf(os.Stderr, "round %d/%d  %-50s %8.0f messages/s\n", round, rounds, one.name, run.rate())
		}
	}
	return runs, nil
}

// fillTopic publishes the documented example, again and again.
func fillTopic(ctx context.Context, db *sql.DB, messages int) error {
	if _, err := db.ExecContext(ctx, stockTable); err != nil {
		return err
	}
	publisher, err := newPublisher(db)
	if err != nil {
		return err
	}
	body := marked(submissionBody())
	for n := 0; n < messages; {
		var some []*message.Message
		for len(some) < publishedAtOnce && n < messages {
			n++
			some = append(some, message.NewMessage(watermill.NewUUID(), append([]byte(nil), body.fill(int64(n))...)))
		}
		if err := publisher.Publish(stockTopic, some...); err != nil {
			return err
		}
	}
	return publisher.Close()
}

// workOff subscribes as a consumer group of its own, and returns when it has acknowledged so many messages. One that comes again would count for another that did not.
func workOff(ctx context.Context, db *sql.DB, group string, messages int, handle func(*message.Message) error) error {
	subscriber, err := wsql.NewSubscriber(db, wsql.SubscriberConfig{
		ConsumerGroup: group, SchemaAdapter: wsql.DefaultPostgreSQLSchema{}, OffsetsAdapter: wsql.DefaultPostgreSQLOffsetsAdapter{}, InitializeSchema: true,
	}, watermill.NopLogger{})
	if err != nil {
		return err
	}
	delivered, err := subscriber.Subscribe(ctx, stockTopic)
	if err != nil {
		return errors.Join(err, subscriber.Close())
	}
	seen := make(map[string]bool, messages)
	for range messages {
		m, ok := <-delivered
		if !ok {
			return errors.Join(errors.New("the subscription ended by itself"), ctx.Err(), subscriber.Close())
		}
		if err := handle(m); err != nil {
			m.Nack()
			return errors.Join(err, subscriber.Close())
		}
		m.Ack()
		seen[m.UUID] = true
	}
	if len(seen) != messages {
		return errors.Join(fmt.Errorf("%d different messages were delivered, want %d", len(seen), messages), subscriber.Close())
	}
	return subscriber.Close()
}

func doNothing(*message.Message) error { return nil }

// upsert writes a message's row in the transaction that moves the subscription on, as watermill-sql offers it for delivery exactly once.
func upsert(m *message.Message) error {
	tx, ok := wsql.TxFromContext(m.Context())
	if !ok {
		return errors.New("the subscriber has no transaction")
	}
	_, err := tx.ExecContext(m.Context(), `INSERT INTO stock_results VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body`, m.UUID, string(m.Payload))
	return err
}

func (r stockRun) rate() float64 { return float64(r.Messages) / r.Seconds }

// write prints the rows of the table of how fast read tables are fed.
func (rs stockRuns) write(out io.Writer) {
	for _, name := range []string{stockNoop, stockUpsert} {
		rate := medianOf(rs, func(r stockRun) bool { return r.Name == name }, stockRun.rate)
		if rate > 0 {
			fmt.Fprintf(out, "| %s | %s | |\n", name, rateText(rate))
		}
	}
}
