package core

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// argumentsOf is how many arguments a verb takes: an id, but for configure, which takes a code and what is to become of it.
func argumentsOf(verb string) int {
	if verb == "configure" {
		return 2
	}
	return 1
}

// intent is what a line asks for.
func (o *optionReader) intent(l line, at Instant) Intent {
	if l.verb == "configure" {
		return ConfigureResultType{o.setting(l.args[0], l.args[1])}
	}
	id, err := parseID(l.args[0])
	o.err = errors.Join(o.err, err)
	switch l.verb {
	case "create":
		return CreateActivity{ActivityID: id, ActivityDetails: o.details(l.args[0])}
	case "submit":
		return SubmitResult{ResultID: id, Submission: o.submission(at)}
	case "dispatch":
		return DispatchActivity{ActivityID: id, ProviderActivityID: o.text("provider", "")}
	case "cancel":
		return CancelActivity{ActivityID: id}
	case "erase":
		if strings.HasPrefix(l.args[0], "a") {
			return ErasePersonal{ActivityID: id}
		}
		return ErasePersonal{ResultID: id}
	case "issue":
		return IssueAPIKey{KeyID: id, APIKeyDetails: o.apiKey(l.args[0])}
	case "revoke":
		return RevokeAPIKey{KeyID: id}
	}
	o.err = errors.Join(o.err, fmt.Errorf("unknown command %q", l.verb))
	return nil
}

// setting is how a tenant is to have a code; a code that the catalogue lacks is none, as it is where the request comes in.
func (o *optionReader) setting(text, state string) ResultTypeSetting {
	if state != "active" && state != "off" {
		o.err = errors.Join(o.err, fmt.Errorf("a code can be active or off, not %s", state))
	}
	code, _ := ParseResultCode(text)
	return ResultTypeSetting{Code: code, Active: state == "active", Classification: readAs[Classification](o, "class", Unclassified)}
}

// apiKey is what is recorded of an API key; its text is not the script's matter, its digest is that of its name.
func (o *optionReader) apiKey(name string) APIKeyDetails {
	d := APIKeyDetails{Name: o.text("name", name), Prefix: "rtn_sk_" + name, Digest: sha256.Sum256([]byte(name))}
	for _, text := range strings.Split(o.text("permissions", "CREATE_ACTIVITY"), ",") {
		var one Permissions
		o.err = errors.Join(o.err, one.UnmarshalText([]byte(text)))
		d.Permissions |= one
	}
	if text := o.text("expires", ""); text != "" {
		expires, err := parseInstant(text)
		d.ExpiresAt, o.err = &expires, errors.Join(o.err, err)
	}
	return d
}

// actor is who a command comes from: an API key, or else somebody with a token.
func (o *optionReader) actor(apiKey ID) Actor {
	if !apiKey.IsZero() {
		return Actor{Key: apiKey.String()}
	}
	return Actor{Subject: o.text("actor", "integration"), Role: o.text("role", "FDE")}
}
