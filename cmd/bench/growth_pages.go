package main

import (
	"fmt"
	"slices"
	"time"
)

// growthPages is the median time of a page of 20 results over HTTP.
type growthPages struct {
	Filtered float64 `json:"filtered_p50_ms"` // of one commerce, of a thousand
	All      float64 `json:"all_p50_ms"`
}

// pages reads pages of lists, as clients do.
func (g *grower) pages(addr string) (pages growthPages, err error) {
	clients, err := connect(1, addr)
	if err != nil {
		return pages, err
	}
	defer clients.close()
	if pages.Filtered, err = clients[0].pageTime(newTemplate("GET", "/api/activity-results?commerce_external_id=store-001", g.token, "")); err != nil {
		return pages, err
	}
	pages.All, err = clients[0].pageTime(newTemplate("GET", "/api/activity-results", g.token, ""))
	return pages, err
}

// pageTime is the median time of a page, in milliseconds. It is an error if one takes longer than answerGrace.
func (c *client) pageTime(request template) (float64, error) {
	var took []time.Duration
	for range pagesASample + 1 { // the first warms the caches up, and does not count
		if err := c.conn.SetDeadline(time.Now().Add(answerGrace)); err != nil {
			return 0, err
		}
		begin := time.Now()
		answer, err := c.send(request.text)
		if err != nil {
			return 0, err
		}
		if answer.status != 200 {
			return 0, fmt.Errorf("answered %d: %s", answer.status, answer.body)
		}
		took = append(took, time.Since(begin))
	}
	return milliseconds(percentile(slices.Sorted(slices.Values(took[1:])), 50)), nil
}
