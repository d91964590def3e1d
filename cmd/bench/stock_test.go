package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"

	"resultlog/core"
)

// A rate counts only if each body that was acknowledged is a message, and a subscriber's only if each message came to its handler.
func TestStockIsVerified(t *testing.T) {
	needPostgres(t)
	s := settings{dir: openDir(t), shared: sharedCluster(t)}
	at, leave, err := s.find(t.Context(), stockPublisher(testToken))
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	db, err := openStock(t.Context(), at.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	publisher, err := newPublisher(db)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stockHandler(testToken, publisher))
	defer server.Close()
	clients, err := connect(2, server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer clients.close()
	got, err := clients.closedLoop(submission(testToken), numbers(9), tokenTTL)
	if err != nil {
		t.Fatal(err)
	}
	ids := got.acknowledged()
	for name, row := range map[string]struct {
		ids   []core.ID
		sound bool
	}{"all": {ids, true}, "one more": {append(ids[:9:9], core.ID{1}), false}, "one fewer": {ids[:8], false}, "another": {append(ids[:8:8], core.ID{1}), false}} {
		err := onConnection(t.Context(), at.dsn, func(conn *pgx.Conn) error { return verifyTopic(t.Context(), conn, row.ids) })
		if (err == nil) != row.sound {
			t.Errorf("%s: %v", name, err)
		}
	}

	if err := fillTopic(t.Context(), db, 7); err != nil {
		t.Fatal(err)
	}
	if err := workOff(t.Context(), db, "rows", 9+7, upsert); err != nil {
		t.Fatal(err)
	}
	twice := message.NewMessage(ids[0].String(), nil)
	if err := publisher.Publish(stockTopic, twice); err != nil {
		t.Fatal(err)
	}
	if err := workOff(t.Context(), db, "again", 9+7+1, doNothing); err == nil || !strings.Contains(err.Error(), "16 different messages") {
		t.Errorf("a message that came twice was counted twice: %v", err)
	}
	var rows int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM stock_results`).Scan(&rows); err != nil || rows != 9+7 {
		t.Errorf("%d rows of %d messages, %v", rows, 9+7, err)
	}
}
