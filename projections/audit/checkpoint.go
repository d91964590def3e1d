package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

// Checkpoint is what a signed checkpoint says, in the form of C2SP's tlog-checkpoint: whose history it is about, how long that is, and the root of its tree.
type Checkpoint struct {
	Origin string // of the tenant's history: ORIGIN/TENANT
	Size   int64
	Root   tlog.Hash
}

// text is what is signed.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// Sign gives the checkpoint of a tenant's tree as a signed note.
func (k SigningKey) Sign(tenant core.ID, tree *Tree) (string, error) {
	signer, err := k.signer(tenant)
	if err != nil {
		return "", err
	}
	c := Checkpoint{Origin: tenantOrigin(k.origin, tenant), Size: tree.size, Root: tree.Root()}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer)
	return string(signed), err
}

// ErrNotSigned means that a checkpoint bears no signature by any of the keys that are trusted, or a wrong one.
var ErrNotSigned = errors.New("the checkpoint is not signed by a key that is trusted")

// OpenCheckpoint verifies a signed note by the keys that are trusted, any of them, and reads it. Whose history it is about stands in its origin.
func OpenCheckpoint(signed string, trusted []VerifierKey) (tenant core.ID, c Checkpoint, err error) {
	c, err = parseCheckpoint(signed)
	if err != nil {
		return tenant, c, err
	}
	slash := strings.LastIndexByte(c.Origin, '/')
	if tenant, err = core.ParseID(c.Origin[slash+1:]); err != nil {
		return tenant, c, fmt.Errorf("the checkpoint's origin %q does not end with a tenant's id", c.Origin)
	}
	var verifiers []note.Verifier
	for _, key := range trusted {
		v, err := note.NewVerifier(key.Of(tenant))
		if err != nil {
			return tenant, c, err
		}
		verifiers = append(verifiers, v)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifiers...))
	if err != nil {
		return tenant, c, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	for _, signature := range opened.Sigs {
		if signature.Name == c.Origin {
			return tenant, c, nil
		}
	}
	return tenant, c, fmt.Errorf("%w: it says %s, and was signed as another", ErrNotSigned, c.Origin)
}

// OpenPromise opens a checkpoint that somebody has kept, to hold a history against it.
func OpenPromise(signed string, trusted []VerifierKey, source string) (Promise, error) {
	tenant, c, err := OpenCheckpoint(signed, trusted)
	if err != nil {
		return Promise{}, fmt.Errorf("%s: %w", source, err)
	}
	return Promise{Tenant: tenant, Size: core.Position(c.Size), Root: core.Digest(c.Root), Source: source}, nil
}

// parseCheckpoint reads what a note says, whoever signed it.
func parseCheckpoint(signed string) (c Checkpoint, err error) {
	text, _, found := strings.Cut(signed, "\n\n")
	lines := strings.Split(text, "\n")
	if !found || len(lines) < 3 {
		return c, errors.New("not a checkpoint: it must have three lines, origin, size and root, an empty one, and signatures")
	}
	c.Origin = lines[0]
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 || strconv.FormatInt(c.Size, 10) != lines[1] {
		return c, fmt.Errorf("not a checkpoint: its second line %q is not how many events it is about", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return c, fmt.Errorf("not a checkpoint: its third line %q is not a root", lines[2])
	}
	copy(c.Root[:], root)
	return c, nil
}

// signatureLine begins a line with a signature.
const signatureLine = "— "

// SplitCheckpoints takes notes apart that were kept one after the other in a file, as `curl … >> kept` does.
func SplitCheckpoints(kept []byte) []string {
	var notes []string
	var one strings.Builder
	signed := false
	for line := range bytes.Lines(kept) {
		signature := strings.HasPrefix(string(line), signatureLine)
		if signed && !signature {
			notes = append(notes, one.String())
			one.Reset()
			signed = false
			if len(bytes.TrimSpace(line)) == 0 { // an empty line between two
				continue
			}
		}
		if one.Len() == 0 && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		signed = signed || signature
		one.Write(line)
	}
	if one.Len() > 0 {
		notes = append(notes, one.String())
	}
	return notes
}
