package main

import (
	"context"
	"net/http"
	"os/exec"
)

// ceiling is what net/http, httprouter and the JSON codec leave to anybody: it decodes, answers and keeps nothing.
func ceiling(token string) contender {
	return contender{
		name: ceilingName,
		command: func(ctx context.Context, at place) *exec.Cmd {
			return self(ctx, "ceiling", at.dir, token)
		},
	}
}

// ceilingHandler is the ceiling's server.
func ceilingHandler(token string) http.Handler {
	return limitHandler(token, func([]byte) error { return nil })
}
