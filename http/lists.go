package httpapi

import (
	"context"
	"math"
	"net/http"
	"net/url"

	"resultlog/core"
)

// The bounds of a page (contract §2.8).
const (
	defaultLimit = 20
	maxLimit     = 100

	// maxLists is how many lists are answered at once: a page of the largest bodies takes some 75 MB of rows and text, until the client has read it. Half of them at most are one
	// tenant's; one more waits, as long as any read does.
	maxLists = 16

	// maxListed is how far into a list a page may lie that is asked for by its number: all rows before it are passed over. A cursor goes as far as the list does.
	maxListed = core.MaxTotal
)

// pagingParameters are what all lists have in common.
var pagingParameters = []parameter[core.Paging]{
	{"page", func(p *parameters, q *core.Paging) { q.Page = p.number(1, math.MaxInt32) }},
	{"limit", func(p *parameters, q *core.Paging) { q.Limit = p.number(1, maxLimit) }},
	{"per_page", func(p *parameters, q *core.Paging) { q.Limit = p.number(1, maxLimit) }},
	{"after_position", func(p *parameters, q *core.Paging) { after := p.position(); q.After = &after }},
	{"cursor", func(p *parameters, q *core.Paging) { q.Cursor = p.cursor() }},
}

// readList reads the query string of a list: what it filters and sorts by, from its own table, then what all lists have. It tells all that is wrong at once.
func readList[Q any](u *url.URL, table []parameter[Q], q *Q, paging *core.Paging) (eventual bool, err error) {
	query, err := parseQuery(u)
	if err != nil {
		return false, err
	}
	p := &parameters{query: query}
	paging.Page, paging.Limit = 1, defaultLimit
	readTable(p, table, q)
	readTable(p, pagingParameters, paging)
	eventual = p.eventual()
	if len(p.wrong) == 0 {
		p.judgePaging(paging)
	}
	return eventual, p.end()
}

// judgePaging looks at what is wrong only beside something else.
func (p *parameters) judgePaging(q *core.Paging) {
	switch {
	case p.query.Has("limit") && p.query.Has("per_page"):
		p.fail("per_page is another name of limit: send one of them")
	case q.Cursor != nil && p.query.Has("page"):
		p.fail("cursor says where the page begins, and so does page: send one of them")
	case q.Cursor != nil && p.query.Has("sort"):
		p.fail("cursor has an order already: leave sort out, or ask for pages by their number")
	case q.Cursor != nil && (q.Cursor.ByPosition != q.ByPosition() || q.Cursor.ByPosition && q.Cursor.Position < *q.After):
		p.fail("cursor is of another walk: send it with the after_position, or without one, that it was given for")
	case q.Cursor != nil:
		q.Page = q.Cursor.Page
	case (q.Page-1)*q.Limit >= maxListed:
		p.fail("page %d of %d rows each lies too deep: pages end at row %d; use cursor to walk further, which is quicker too", q.Page, q.Limit, maxListed)
	}
}

// showList answers with a page of a list.
func showList[V any](s *Server, x *exchange, eventual bool, paging core.Paging, from reader[core.Page[V]], row func([]byte, *V) []byte) error {
	if err := x.takePlace(s.lists, codeListsBusy); err != nil {
		return err
	}
	defer s.lists.giveBack(x.tenant)
	page, err := read(s, x, eventual, from)
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.out = appendPage(b.out, paging, &page, row)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

// appendPage encodes a page of a list: its rows, as a read of each one alone shows it, and where it stands (contract §2.8).
func appendPage[V any](b []byte, paging core.Paging, page *core.Page[V], row func([]byte, *V) []byte) []byte {
	b = append(b, `{"data":[`...)
	for i := range page.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = row(b, &page.Rows[i])
	}
	b = append(b, `],"meta":`...)
	o := core.OpenObject(b)
	o.Integer("page", int64(paging.Page))
	o.Integer("limit", int64(paging.Limit))
	o.Integer("total", int64(page.Total))
	o.Integer("totalPages", int64((page.Total+paging.Limit-1)/paging.Limit))
	if page.Next == nil {
		o.Null("nextCursor")
	} else {
		o.Text("nextCursor", cursorText(page.Next))
	}
	o.Flag("totalIsCapped", page.Capped)
	return append(o.Close(), '}')
}

func (s *Server) listResults(x *exchange) error {
	var q core.ResultQuery
	eventual, err := readList(x.request.URL, resultParameters, &q, &q.Paging)
	if err != nil {
		return err
	}
	return showList(s, x, eventual, q.Paging, func(ctx context.Context, after core.Position) (core.Page[core.ResultView], error) {
		return s.Reader.Results(ctx, after, x.tenant, q)
	}, AppendResult)
}

func (s *Server) listActivities(x *exchange) error {
	var q core.ActivityQuery
	eventual, err := readList(x.request.URL, activityParameters, &q, &q.Paging)
	if err != nil {
		return err
	}
	return showList(s, x, eventual, q.Paging, func(ctx context.Context, after core.Position) (core.Page[core.ActivityView], error) {
		return s.Reader.Activities(ctx, after, x.tenant, q)
	}, AppendActivity)
}
