package main

import "testing"

func TestCPUModel(t *testing.T) {
	const info = "processor\t: 0\nvendor_id\t: X\nmodel name\t: Fast CPU: 3 GHz\nprocessor\t: 1\nmodel name\t: Other\n"
	if got := cpuModel(info); got != "Fast CPU: 3 GHz" {
		t.Errorf("cpuModel = %q", got)
	}
	if got := cpuModel(""); got != unknown {
		t.Errorf("cpuModel of nothing = %q", got)
	}
}

func TestFileSystemIsThatOfTheNearestMountPoint(t *testing.T) {
	const mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp/disk xfs rw 0 0\nproc /proc proc rw 0 0\n"
	for dir, want := range map[string]string{"/home/x": "ext4", "/tmp/a": "tmpfs", "/tmp": "tmpfs", "/tmp/disk/a": "xfs", "/tmpfoo": "ext4"} {
		if got := fileSystem(mounts, dir); got != want {
			t.Errorf("fileSystem of %s = %q, want %q", dir, got, want)
		}
	}
	if got := fileSystem("", "/"); got != unknown {
		t.Errorf("without mounts: %q", got)
	}
}

func TestLoadAverage(t *testing.T) {
	if got := load1("0.42 0.20 0.10 1/80 4711\n"); got != "0.42" {
		t.Errorf("load1 = %q", got)
	}
	if got := load1(""); got != unknown {
		t.Errorf("load1 of nothing = %q", got)
	}
}
