package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// machine says where figures come from: without it they mean nothing.
type machine struct {
	Command    string `json:"command"`
	Date       string `json:"date"`
	Commit     string `json:"commit"`
	Go         string `json:"go"`
	Cores      int    `json:"cores"`
	CPU        string `json:"cpu"`
	System     string `json:"system"` // operating system, architecture, kernel
	FileSystem string `json:"file_system"`
	Postgres   string `json:"postgres,omitempty"` // the server's version; empty if PostgreSQL is not measured
	Load       string `json:"load"`               // the load average of the last minute before the first run: above some tenths, something else ran
}

const unknown = "unknown"

// describe looks at the machine and at the file system of a directory. What cannot be found out is "unknown".
func describe(ctx context.Context, dir string) machine {
	return machine{
		Command: strings.Join(append([]string{"go run ./cmd/bench"}, os.Args[1:]...), " "),
		Date:    time.Now().UTC().Format(time.DateOnly), Commit: commit(ctx), Go: runtime.Version(), Cores: runtime.NumCPU(), CPU: cpuModel(read("/proc/cpuinfo")),
		System:     runtime.GOOS + "/" + runtime.GOARCH + " " + cmp.Or(firstLine(read("/proc/sys/kernel/osrelease")), unknown),
		FileSystem: fileSystem(read("/proc/self/mounts"), dir),
		Load:       load1(read("/proc/loadavg")),
	}
}

// caption says in a line where figures come from.
func (m machine) caption() string {
	return fmt.Sprintf("%s at commit %s: %d cores (%s), %s, %s", m.Date, m.Commit, m.Cores, m.CPU, m.System, m.Go)
}

// commit is what the checkout holds, with "-dirty" if it holds more.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "--no-optional-locks", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return unknown
	}
	return firstLine(string(out))
}

// cpuModel finds the model's name in /proc/cpuinfo.
func cpuModel(info string) string {
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

// fileSystem finds the kind of file system that dir is on in /proc/self/mounts: that of the longest mount point above it, the last if there are two.
func fileSystem(mounts, dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return unknown
	}
	kind, longest := unknown, 0
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line) // device, mount point, kind, …
		if len(fields) < 3 {
			continue
		}
		point := strings.TrimSuffix(fields[1], "/") + "/"
		if strings.HasPrefix(dir+"/", point) && len(point) >= longest {
			kind, longest = fields[2], len(point)
		}
	}
	return kind
}

// load1 is the first field of /proc/loadavg.
func load1(text string) string {
	first, _, ok := strings.Cut(text, " ")
	if !ok {
		return unknown
	}
	return first
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "" // another system than Linux; the caller says "unknown"
	}
	return string(text)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
