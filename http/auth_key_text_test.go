package httpapi

import (
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"
)

// documentedForm is the expression that the description gives to those who look for leaked keys.
var documentedForm = regexp.MustCompile(`^rtn_sk_[0-9A-Za-z]{38}$`)

// checksumOf is the checksum of a key as somebody else would compute it, by what is documented: CRC-32 in base 62, the digits before the upper case before the lower, six of them.
func checksumOf(body string) string {
	digits := big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))).Text(62) // which has the lower case before the upper
	swapped := strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		}
		return c
	}, digits)
	return strings.Repeat("0", 6-len(swapped)) + swapped
}

// TestChecksumOfKeys: known ones, and that of every key that is made.
func TestChecksumOfKeys(t *testing.T) {
	for _, body := range []string{"rtn_sk_" + strings.Repeat("0", 32), "rtn_sk_" + strings.Repeat("z", 32), "rtn_sk_0123456789ABCDEFGHIJKLMNOPQRSTUV"} {
		if got, want := string(appendChecksum([]byte(body))), body+checksumOf(body); got != want || !isAPIKey(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	// Written down, so that nobody changes both: the CRC-32 of 123456789 is cbf43926 in every table of them, and 3421780262 is 3jZRME in base 62.
	if got := string(appendChecksum([]byte("123456789"))); got != "1234567893jZRME" {
		t.Errorf("%s", got)
	}
	if got := string(appendChecksum(nil)); got != "000000" {
		t.Errorf("of nothing: %q", got)
	}
}

// TestMintAPIKey: 10,000 keys have the documented form, a checksum, a prefix and a digest of their own, no two are alike, and every character comes as often as every other.
func TestMintAPIKey(t *testing.T) {
	const keys = 10_000
	seen := map[string]bool{}
	var count [256]int
	for range keys {
		text, prefix, digest := MintAPIKey()
		body, sum := text[:len(text)-6], text[len(text)-6:]
		if !documentedForm.MatchString(text) || sum != checksumOf(body) || !isAPIKey(text) {
			t.Fatalf("%s is no key", text)
		}
		if prefix != text[:13] || digest != sha256.Sum256([]byte(text)) {
			t.Fatalf("of %s: prefix %s, digest %s", text, prefix, digest)
		}
		seen[text] = true
		for _, c := range []byte(strings.TrimPrefix(body, "rtn_sk_")) {
			count[c]++
		}
	}
	if len(seen) != keys {
		t.Errorf("%d of %d keys are different", len(seen), keys)
	}
	expected, chi := float64(keys*32)/62, 0.0
	for _, c := range []byte(base62) {
		chi += (float64(count[c]) - expected) * (float64(count[c]) - expected) / expected
	}
	if chi > 145 { // 61 degrees of freedom: chance gives more once in a hundred million runs; a bias by 256 mod 62, some 9,000
		t.Errorf("the characters come %v times: chi-square %.0f", count, chi)
	}
}

// spoilt lists what may become of a key on its way: no two of them are alike, and none is the key.
func spoilt(key string) map[string]string {
	out := map[string]string{
		"nothing": "", "a blank before": " " + key, "a blank after": key + " ", "quoted": `"` + key + `"`, "with its scheme": "Bearer " + key, "twice in one": key + ", " + key,
		"cut off at the end": key[:len(key)-1], "cut off at the beginning": key[1:], "the prefix alone": key[:13], "the mark alone": keyMark, "without its checksum": key[:len(key)-6],
		"too long": key + "0", "much too long": key + strings.Repeat(key, 100), "another mark": "rtn_pk_" + key[7:], "the mark in upper case": "RTN_SK_" + key[7:],
		"a test key": "rtn_sk_test_" + key[12:], "a character that is none": key[:20] + "-" + key[21:], "a letter of two bytes": key[:20] + "é" + key[22:], "NUL": key[:20] + "\x00" + key[21:],
	}
	for how, body := range map[string]string{
		"another mark": "rtn_pk_" + key[7:39], "the mark in upper case": "RTN_SK_" + key[7:39], "a blank for the mark": "       " + key[7:39], "a character too many": key[:39] + "0", "a character too few": key[:38],
	} {
		out[how+", and the checksum of that"] = body + checksumOf(body)
	}
	for i := range key {
		for _, c := range "0Aaz" {
			if s := key[:i] + string(c) + key[i+1:]; s != key {
				out["changed: "+s] = s
			}
		}
		if i > 0 && key[i] != key[i-1] {
			s := key[:i-1] + key[i:i+1] + key[i-1:i] + key[i+1:]
			out["transposed: "+s] = s
		}
		if s := key[:i] + otherCase(key[i:i+1]) + key[i+1:]; s != key {
			out["in another case: "+s] = s
		}
	}
	if s := keyMark + otherCase(key[7:]); s != key {
		out["all in another case"] = s
	}
	return out
}

func otherCase(text string) string {
	return strings.Map(func(c rune) rune {
		if s := string(c); s == strings.ToLower(s) {
			return []rune(strings.ToUpper(s))[0]
		}
		return []rune(strings.ToLower(string(c)))[0]
	}, text)
}

// TestSpoiltKeysAreNone: a CRC finds every change of one character and every transposition of two neighbours, whatever the key.
func TestSpoiltKeysAreNone(t *testing.T) {
	for range 20 {
		key, _, _ := MintAPIKey()
		for i := range key {
			for _, c := range []byte(base62) {
				if s := key[:i] + string(c) + key[i+1:]; s != key && isAPIKey(s) {
					t.Errorf("%s is taken for a key as well as %s", s, key)
				}
			}
		}
		for how, s := range spoilt(key) {
			if isAPIKey(s) {
				t.Errorf("%s: %s is taken for a key as well as %s", how, s, key)
			}
		}
	}
}

// FuzzIsAPIKey: what is taken for a key has the documented form and the checksum, and nothing else has both.
func FuzzIsAPIKey(f *testing.F) {
	body := "rtn_sk_" + strings.Repeat("0", 32)
	for _, text := range []string{"", "rtn_sk_", body, body + checksumOf(body), body + "000000", strings.Repeat("é", 23)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// A key of characters that are none, with a checksum that is right, is a digest that nothing was recorded with: it need not be told apart.
		want := len(text) == 45 && strings.HasPrefix(text, "rtn_sk_") && text[39:] == checksumOf(text[:39])
		if got := isAPIKey(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	})
}
