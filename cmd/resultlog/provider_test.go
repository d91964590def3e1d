package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestTokensOfAnIdentityProvider: what --jwks, --jwt-issuer and --jwt-audience say reaches what verifies tokens; here by the environment, and beside a secret.
func TestTokensOfAnIdentityProvider(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("RESULTLOG_JWKS", path)
	t.Setenv("RESULTLOG_JWT_ISSUER", "https://idp.example")
	t.Setenv("RESULTLOG_JWT_AUDIENCE", "resultlog")
	s := serveOn(t, t.TempDir())
	for _, row := range []struct {
		iss, aud string
		status   int
	}{
		{"https://idp.example", "resultlog", http.StatusCreated},
		{"https://another.example", "resultlog", http.StatusUnauthorized},
		{"https://idp.example", "another", http.StatusUnauthorized},
	} {
		claims := jwt.MapClaims{"sub": "s", "roles": []string{"FDE"}, "tenantIds": []string{testTenant}, "exp": time.Now().Add(time.Hour).Unix(), "iss": row.iss, "aud": row.aud}
		if s.token, err = jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims).SignedString(private); err != nil {
			t.Fatal(err)
		}
		s.must(t, row.status, http.MethodPost, "/api/activities", creation(row.iss+row.aud, ""))
	}
}
