package httpapi

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// negotiate gives the first of the types on offer that the client likes best, by its Accept (RFC 9110 §12.5.1); none if it takes none of them. Without an Accept it takes the first.
func negotiate(h http.Header, offers ...string) string {
	accept := strings.Join(h["Accept"], ",")
	if strings.TrimSpace(accept) == "" {
		return offers[0]
	}
	best, liked := "", 0.0
	for _, offer := range offers {
		if q := qualityOf(accept, offer); q > liked {
			best, liked = offer, q
		}
	}
	return best
}

// qualityOf is how much a client likes a type, from 0, which is not at all, to 1: what the most specific range that holds it says. A range that cannot be read says nothing.
func qualityOf(accept, offer string) (quality float64) {
	family, _, _ := strings.Cut(offer, "/")
	specific := 0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		rank := map[string]int{"*/*": 1, family + "/*": 2, offer: 3}[name]
		if rank <= specific {
			continue
		}
		specific, quality = rank, 1
		if q, sent := params["q"]; sent {
			quality, err = strconv.ParseFloat(q, 64)
			if err != nil || !(quality >= 0 && quality <= 1) {
				quality = 0
			}
		}
	}
	return quality
}
