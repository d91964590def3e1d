package httpapi

import "net/http"

// guards are headers that every answer carries, whatever became of the request: what a browser must not do with it. They are made once and shared by all answers; nothing changes them.
// What each is for stands in docs/security.md.
var guards = []struct {
	name  string
	value []string
}{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}}, // the page at /docs has one of its own: docsPolicy
	{"X-Frame-Options", []string{"DENY"}},                                               // frame-ancestors, for browsers that do not know it
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},                           // asked about requests without CORS only: an origin that CORS lets in reads all the same
	{"Cache-Control", []string{"no-store"}},                                             // answers hold personal data; what may be kept says so itself
}

// setGuards gives an answer its guards. It is done first thing, so that they are there if everything else fails.
func setGuards(h http.Header) {
	for _, g := range guards {
		h[g.name] = g.value
	}
}
