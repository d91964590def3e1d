package httpapi

import (
	"net/url"
	"slices"

	"resultlog/core"
)

// readQuery parses the query of a request strictly: each parameter is one of those that there are, and comes once.
func readQuery(u *url.URL, known ...string) (url.Values, error) {
	q, err := parseQuery(u)
	if err != nil {
		return nil, err
	}
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			return nil, fail(codeInvalidQuery, "there is no query parameter %q here", shorten(name))
		case len(values) > 1:
			return nil, fail(codeInvalidQuery, "the query parameter %q must come once", name)
		}
	}
	return q, nil
}

// parseQuery takes the query string of a request apart.
func parseQuery(u *url.URL) (url.Values, error) {
	if u.RawQuery == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, &core.Error{Code: codeInvalidQuery, Message: "the query string cannot be read: each part must be name=value, with %XX escapes", Err: err}
	}
	return q, nil
}

// readEventual reports whether a read may skip the barrier: ?consistency=eventual (contract §2.6). There is no other value.
func readEventual(u *url.URL) (bool, error) {
	q, err := readQuery(u, "consistency")
	if err != nil {
		return false, err
	}
	return isEventual(q)
}

func isEventual(q url.Values) (bool, error) {
	if !q.Has("consistency") {
		return false, nil
	}
	if q.Get("consistency") != "eventual" {
		return false, fail(codeInvalidQuery, "consistency must be eventual, or left out to see every acknowledged write")
	}
	return true, nil
}
