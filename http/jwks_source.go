package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// maxJWKSBytes bounds what is read of a key set: a hundred RSA keys with certificates are a third of it.
const maxJWKSBytes = 1 << 20

// maxRedirects is how often a fetch of a key set is sent elsewhere: once to the right host and once to the right path happens.
const maxRedirects = 3

// isURL tells a URL from the name of a file.
func isURL(place string) bool { return strings.Contains(place, "://") }

// newSource gives what reads the text of a key set anew: out of a file, or from a URL.
func newSource(place string) (func(context.Context) ([]byte, error), error) {
	if !isURL(place) {
		return func(context.Context) ([]byte, error) { return readKeyFile(place) }, nil
	}
	u, err := url.Parse(place)
	switch {
	case err != nil:
		return nil, errors.New("the URL of the JWKS is malformed")
	case u.User != nil:
		return nil, errors.New("the URL of the JWKS must not hold a name or password: public keys need none")
	case u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !IsLoopbackHost(u.Hostname())):
		return nil, fmt.Errorf("the JWKS %q must be a file, an https URL, or an http URL of this machine's loopback: whoever can change keys on their way can sign tokens", place)
	}
	client := newKeyClient()
	return func(ctx context.Context) ([]byte, error) { return fetchKeys(ctx, client, place) }, nil
}

// readKeyFile reads a file that is one: a pipe could be read only once, and might never end.
func readKeyFile(path string) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

// newKeyClient makes a client that keeps no connection between two fetches, minutes apart, and follows nobody to where the keys could be changed on their way.
func newKeyClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: maxJWKSBytes, ForceAttemptHTTP2: true},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case r.URL.Scheme != "https":
				return errors.New("a redirect to elsewhere than https is not followed")
			case len(via) > maxRedirects:
				return fmt.Errorf("it was redirected more than %d times", maxRedirects)
			}
			return nil
		},
	}
}

// fetchKeys reads the text of a key set over HTTP. The context bounds it in time.
func fetchKeys(ctx context.Context, client *http.Client, place string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", answer.StatusCode)
	}
	return readBounded(answer.Body)
}

func readBounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxJWKSBytes+1))
	if err == nil && len(text) > maxJWKSBytes {
		err = fmt.Errorf("it is longer than %d bytes", maxJWKSBytes)
	}
	return text, err
}
