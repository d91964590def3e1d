package audit_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"resultlog/core"
	"resultlog/projections/audit"
)

// A key is what it was when it is read again, and what it signs is verified by the key of that tenant, and by no other.
func TestKeysAreReadAgain(t *testing.T) {
	key := newKey(t)
	again, err := audit.ParseSigningKey(key.String() + "\n")
	if err != nil || again.String() != key.String() {
		t.Fatalf("%v: %s", err, again)
	}
	for _, text := range []string{key.Verifier().String(), key.Verifier().Of(id(7))} {
		if verifier, err := audit.ParseVerifierKey(text); err != nil || verifier.String() != key.Verifier().String() {
			t.Errorf("%s: %v: %s", text, err, verifier)
		}
		if _, err := note.NewVerifier(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBrokenKeysAreRefused(t *testing.T) {
	key := newKey(t)
	public := key.Verifier().String()
	for name, text := range map[string]string{
		"nothing": "", "no parts": "abc", "a name with a space": "a b+" + strings.SplitN(public, "+", 2)[1], "cut off": public[:len(public)-2],
		"another name's hash": "x" + public, "the secret in place of the public one": key.String(),
	} {
		if _, err := audit.ParseVerifierKey(text); err == nil {
			t.Errorf("%s: %q is taken for a verifier key", name, text)
		}
	}
	for name, text := range map[string]string{"nothing": "", "the public one": public, "cut off": key.String()[:len(key.String())-3]} {
		if _, err := audit.ParseSigningKey(text); err == nil {
			t.Errorf("%s: %q is taken for a signing key", name, text)
		}
	}
	for _, origin := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := audit.NewSigningKey(origin); err == nil {
			t.Errorf("%q is taken for an origin", origin)
		}
	}
}

// A checkpoint says whose history it is about, and nobody but the holder of a trusted key can have said so.
func TestCheckpointsAreOpenedByTrustedKeysAlone(t *testing.T) {
	key, other := newKey(t), newKey(t)
	var tree audit.Tree
	tree.Append([32]byte{1}, nil)
	signed, err := key.Sign(id(7), &tree)
	if err != nil {
		t.Fatal(err)
	}
	trusted := []audit.VerifierKey{other.Verifier(), key.Verifier()} // keys rotate: the checkpoint names its own
	tenant, c, err := audit.OpenCheckpoint(signed, trusted)
	if err != nil || tenant != id(7) || c.Size != 1 || c.Root != tree.Root() || c.Origin != "audit.example/resultlog/"+id(7).String() {
		t.Fatalf("%v: %s %+v", err, tenant, c)
	}
	ofAnother, err := key.Sign(id(8), &tree)
	if err != nil {
		t.Fatal(err)
	}
	swapped := strings.Replace(ofAnother, id(8).String(), id(7).String(), 1)
	for name, text := range map[string]string{
		"of another key": mustSign(t, other, id(7), &tree), "of another size": strings.Replace(signed, "\n1\n", "\n2\n", 1), "of another tenant": swapped,
		"without a signature": strings.SplitAfter(signed, "\n\n")[0],
	} {
		if _, _, err := audit.OpenCheckpoint(text, []audit.VerifierKey{key.Verifier()}); !errors.Is(err, audit.ErrNotSigned) {
			t.Errorf("%s: error %v, want %v:\n%s", name, err, audit.ErrNotSigned, text)
		}
	}
	for name, text := range map[string]string{"nothing": "", "no root": "a/" + id(7).String() + "\n1\n\n— a b\n", "a size of 01": strings.Replace(signed, "\n1\n", "\n01\n", 1), "no tenant": "a\n1\n" + strings.Split(signed, "\n")[2] + "\n\n— a b\n"} {
		if _, _, err := audit.OpenCheckpoint(text, trusted); err == nil {
			t.Errorf("%s is opened", name)
		}
	}
}

func mustSign(t *testing.T, key audit.SigningKey, tenant core.ID, tree *audit.Tree) string {
	t.Helper()
	signed, err := key.Sign(tenant, tree)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// Checkpoints that were kept one after the other, with or without empty lines between them, are taken apart as they were.
func TestKeptCheckpointsAreTakenApart(t *testing.T) {
	key := newKey(t)
	var tree audit.Tree
	var want []string
	var close, spaced string
	for n := range 4 {
		tree.Append([32]byte{byte(n)}, nil)
		want = append(want, mustSign(t, key, id(7), &tree))
		close += want[n]
		spaced += "\n" + want[n] + "\n\n"
	}
	for _, kept := range []string{close, spaced} {
		got := audit.SplitCheckpoints([]byte(kept))
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
	}
	if got := audit.SplitCheckpoints([]byte("\n\n")); len(got) != 0 {
		t.Errorf("nothing is %q", got)
	}
}
