package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// devSecretFile is where, in the data directory, --dev keeps its secret, so that tokens outlive a restart.
const devSecretFile = "dev-secret"

// errNoSecret says what to do about it.
var errNoSecret = errors.New(`there is no secret that tokens are signed and verified with.
  To try it out:     resultlog serve --dev
  In production:     RESULTLOG_JWT_SECRET="$(openssl rand -base64 48)" resultlog serve   (keep that secret; tokens are signed with it)
  Without a secret:  resultlog serve --jwks https://idp.example/jwks.json --jwt-audience resultlog   (an identity provider signs the tokens)`)

// devSecret reads the development secret in a data directory, or makes one there.
func devSecret(dir string) (string, error) {
	path := filepath.Join(dir, devSecretFile)
	if secret, err := readSecret(path); !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	secret := rand.Text() + rand.Text() // 52 characters, 260 bits
	if err := os.WriteFile(path+".new", []byte(secret+"\n"), 0o600); err != nil {
		return "", err
	}
	return secret, os.Rename(path+".new", path) // whole, or not there
}

func readSecret(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// knownSecret is the secret that the server on this data directory verifies with: the configured one, else the development one.
func knownSecret(configured, dir string) (string, error) {
	if configured != "" {
		return configured, nil
	}
	secret, err := readSecret(filepath.Join(dir, devSecretFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w\n  RESULTLOG_JWT_SECRET is not set, and %s holds no development secret", errNoSecret, dir)
	}
	return secret, err
}
