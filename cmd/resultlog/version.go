package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// versionCommand prints what this binary is.
type versionCommand struct {
	JSON bool `name:"json" help:"As JSON, for programs."`
}

// build is what is known of how the binary was made.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

// Run implements the subcommand.
func (c *versionCommand) Run(con console) error {
	b := thisBuild()
	if c.JSON {
		return json.NewEncoder(con.out).Encode(b)
	}
	_, err := fmt.Fprintln(con.out, b)
	return err
}

func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{Version: "unknown", Go: "unknown"}
	}
	b := build{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	return b
}

// metric says which program serves: 1, with what is known of it as labels.
func (b build) metric() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "resultlog_build_info", Help: "1, labelled by the program's version, the commit it was built from, and the version of Go.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Commit, "go_version": b.Go},
	}, func() float64 { return 1 })
}

// String is the line that a person reads.
func (b build) String() string {
	if b.Commit != "" {
		return fmt.Sprintf("resultlog %s (commit %s, %s)", b.Version, b.Commit, b.Go)
	}
	return fmt.Sprintf("resultlog %s (%s)", b.Version, b.Go)
}
