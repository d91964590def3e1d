package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/cors"
)

// anyOrigin lets every page in. There are no cookies here: a page has no more than the credential that it was given, as any other program has.
const anyOrigin = "*"

// preflightKept is how long a browser may go by an answer to a preflight: two hours is the most that Chromium takes, and an origin that is let in no longer can still read nothing.
const preflightKept = 2 * time.Hour

// The headers that a page may send and read, beside those that every page may.
var (
	corsSent = []string{"Authorization", "Content-Type", "X-Tenant-Id", "X-Api-Key", "Idempotency-Key", "X-Request-Id", "Traceparent", "Last-Event-Id"}
	corsRead = []string{
		"X-Request-Id", "Resultlog-Position", "Resultlog-Head", "Idempotent-Replayed", "Retry-After", "RateLimit", "RateLimit-Policy", "Allow", "WWW-Authenticate",
	}
)

// allowOrigins lets pages of some origins call the API. It stands around the router, so that problems can be read too, and a preflight asks for no credential.
// What a page of another origin asks is answered all the same, as CORS has it: only the browser keeps the answer from the page.
func allowOrigins(origins []string, routes []route, next http.Handler) http.Handler {
	var methods []string
	for _, rt := range routes {
		if !slices.Contains(methods, rt.method) {
			methods = append(methods, rt.method)
		}
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins, AllowedMethods: methods, AllowedHeaders: corsSent, ExposedHeaders: corsRead, MaxAge: int(preflightKept.Seconds()),
	}).Handler(next)
}

// ValidateOrigins says what is wrong with a list of origins that CORS is to let in, if anything.
func ValidateOrigins(origins []string) error {
	for _, origin := range origins {
		if origin == anyOrigin && len(origins) == 1 {
			return nil
		}
		if err := validateOrigin(origin); err != nil {
			return fmt.Errorf("%q %w: an origin is scheme://host or scheme://host:port as browsers send it, like https://app.example", origin, err)
		}
	}
	return nil
}

// validateOrigin refuses what no browser ever sends as Origin, and would thus never match, and what should not be let in.
func validateOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case origin == anyOrigin:
		return errors.New("must stand alone, since it lets in every origin")
	case strings.Contains(origin, "*"):
		return errors.New("has a * in it: each origin must be listed, or * alone for all")
	case err != nil || u.Hostname() == "":
		return errors.New("has no scheme and host")
	case origin != strings.ToLower(origin):
		return errors.New("must be lower case")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must begin with https://")
	case origin != u.Scheme+"://"+u.Host:
		return errors.New("must end after the host and its port, without a path or a slash")
	case strings.IndexFunc(origin, func(c rune) bool { return c <= ' ' || c > '~' }) >= 0:
		return errors.New("must be ASCII: a name of other letters is sent as xn--…")
	case u.Scheme == "http" && !IsLoopbackHost(u.Hostname()):
		return errors.New("must begin with https://: http:// is for localhost and loopback addresses only")
	}
	return validatePort(u)
}

// validatePort refuses a port that a browser would not send like that.
func validatePort(u *url.URL) error {
	port := u.Port()
	number, err := strconv.ParseUint(port, 10, 16)
	switch {
	case port == "" && !strings.HasSuffix(u.Host, ":"):
		return nil
	case err != nil || number == 0 || strconv.FormatUint(number, 10) != port:
		return errors.New("has a port that is none")
	case u.Scheme == "https" && number == 443 || u.Scheme == "http" && number == 80:
		return errors.New("must leave its port out, since it is the usual one of " + u.Scheme)
	}
	return nil
}

// IsLoopbackHost reports whether a host is this machine, whatever its resolver says.
func IsLoopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
