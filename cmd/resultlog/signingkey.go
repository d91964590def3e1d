package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"resultlog/core"
	"resultlog/projections/audit"
)

const (
	// signingKeyFile is where, in the data directory, the key is that signs checkpoints, unless another file is named.
	signingKeyFile = "signing-key"

	// defaultOrigin is the name of a service that was not given one.
	defaultOrigin = "resultlog"
)

// signingKeyFlag says where the key is that signs checkpoints.
type signingKeyFlag struct {
	SigningKey string `type:"path" placeholder:"FILE" help:"The key that signs checkpoints of the history for auditors; made if it is not there. Nodes may share one. Default: signing-key in --data."`
}

// path is the key's file.
func (f signingKeyFlag) path(store storeFlags) string {
	if f.SigningKey != "" {
		return f.SigningKey
	}
	return filepath.Join(store.Data, signingKeyFile)
}

// signingKey reads the key, or makes one.
func (f signingKeyFlag) signingKey(store storeFlags) (audit.SigningKey, error) {
	path := f.path(store)
	key, err := readSigningKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key, err = createSigningKey(path, defaultOrigin)
	if errors.Is(err, fs.ErrExist) { // another process was quicker
		return readSigningKey(path)
	}
	if err != nil {
		return key, fmt.Errorf("make the key that signs checkpoints: %w; --signing-key names another file", err)
	}
	return key, nil
}

func readSigningKey(path string) (audit.SigningKey, error) {
	text, err := readSecret(path)
	if err != nil {
		return audit.SigningKey{}, err
	}
	key, err := audit.ParseSigningKey(text)
	if err != nil {
		return key, fmt.Errorf("%s: %w; move it away, and a new key is made: the checkpoints of the old one stay valid for who trusts that", path, err)
	}
	return key, nil
}

// createSigningKey makes a key in a file of its own, whole or not at all; fs.ErrExist if there is one.
func createSigningKey(path, origin string) (key audit.SigningKey, err error) {
	if key, err = audit.NewSigningKey(origin); err != nil {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return key, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), signingKeyFile+".*") // readable by its owner alone
	if err != nil {
		return key, err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(key.String() + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return key, err
	}
	return key, os.Link(f.Name(), path)
}

// signingKeyCommand is about the key that signs checkpoints.
type signingKeyCommand struct {
	Show   showSigningKey `cmd:"" default:"withargs" help:"Print the public half, by which auditors verify; what is done if nothing else is said."`
	Create makeSigningKey `cmd:"" help:"Make a key under a name of your own."`
}

// Help stands in --help, below the usage.
func (*signingKeyCommand) Help() string {
	return `The service signs what it says of each tenant's history (GET /api/audit/checkpoint). Give the public half to auditors by a way that they trust: it is all that resultlog verify --key needs, now and
later. To change the key, stop the service, move the file away, and start: the old one's checkpoints stay valid for who trusts it, and verify takes several keys.`
}

// showSigningKey prints the public half.
type showSigningKey struct {
	storeFlags
	signingKeyFlag
	Tenant core.ID `env:"-" placeholder:"UUID" help:"As it verifies the checkpoints of this tenant, for other programs that read signed notes."`
}

// Run implements the subcommand.
func (c *showSigningKey) Run(con console) error {
	key, err := readSigningKey(c.path(c.storeFlags))
	if err != nil {
		return fmt.Errorf("%w; resultlog serve makes the key at its first start, and resultlog signing-key create does", err)
	}
	text := key.Verifier().String()
	if !c.Tenant.IsZero() {
		text = key.Verifier().Of(c.Tenant)
	}
	_, err = fmt.Fprintln(con.out, text)
	return err
}

// makeSigningKey makes a key.
type makeSigningKey struct {
	storeFlags
	signingKeyFlag
	Origin string `required:"" env:"-" placeholder:"NAME" help:"The service's name in its checkpoints: host and path, like audit.example.com/resultlog. It should be like no other's."`
}

// Run implements the subcommand.
func (c *makeSigningKey) Run(con console) error {
	path := c.path(c.storeFlags)
	key, err := createSigningKey(path, c.Origin)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a key in %s already: move it away first", path)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "made %s; auditors verify by\n%s\n", path, key.Verifier())
	return err
}
