package main

import (
	"github.com/schollz/progressbar/v3"

	"resultlog/core"
)

// progress draws a bar that goes through a log, if somebody is looking.
func progress(con console, what string, total core.Position) func(done core.Position) {
	draw := bar(con, what, int64(total), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("events"))
	return func(done core.Position) { draw(int64(done)) }
}

// progressOfBytes draws one that goes through a file.
func progressOfBytes(con console, what string, total int64) func(done int64) {
	return bar(con, what, total, progressbar.OptionShowBytes(true))
}

func bar(con console, what string, total int64, options ...progressbar.Option) func(done int64) {
	if !isTerminal(con.err) {
		return func(int64) {}
	}
	options = append(options, progressbar.OptionSetWriter(con.err), progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish())
	drawn := progressbar.NewOptions64(total, options...)
	return func(done int64) { _ = drawn.Set64(done) }
}
