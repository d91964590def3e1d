package main

import (
	"net/http"
)

// ceiling is what net/http, httprouter and the JSON codec leave to anybody: it decodes, answers and keeps nothing.
func ceiling(token string) contender {
	return contender{
		name:    ceilingName,
		command: self("ceiling", token),
	}
}

// ceilingHandler is the ceiling's server.
func ceilingHandler(token string) http.Handler {
	return limitHandler(token, func([]byte) error { return nil })
}
