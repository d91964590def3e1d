package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"resultlog/core"
)

// MaxKeyName is the longest name of an API key, in characters: a line in a list.
const MaxKeyName = maxID

// newAPIKey is the body of POST /api/api-keys.
type newAPIKey struct{ said core.APIKeyDetails }

// newAPIKeyFields is the contract's list of fields (§2.9).
var newAPIKeyFields = []field[newAPIKey]{
	{"name", required, func(d *decoder, r *newAPIKey) { r.said.Name = d.text(1, MaxKeyName) }},
	{"permissions", required, func(d *decoder, r *newAPIKey) { r.said.Permissions = d.permissions() }},
	{"expiresAt", optional, func(d *decoder, r *newAPIKey) { at := d.instant(); r.said.ExpiresAt = &at }},
}

// permissions reads an array of the names of permissions: at least one, each once. It reads no more of them than there are: an array is as long as a body lets it be, and what is said of
// it must not be.
func (d *decoder) permissions() (set core.Permissions) {
	if !d.expect("an array", '[') {
		return 0
	}
	d.read(d.json.ReadToken())
	parent, name := d.parent, d.name
	d.parent = d.pointer()
	n, most := 0, len(core.AllPermissions.Names())
	for ; d.err == nil && d.json.PeekKind() != ']'; n++ {
		var one core.Permissions
		d.name = strconv.Itoa(n)
		if d.into(&one); one != 0 && set.Has(one) {
			d.wrong("comes twice")
		}
		if n == most {
			d.fail("is one too many: there are %d permissions", most)
		}
		set |= one
	}
	if d.err != nil {
		return 0
	}
	d.read(d.json.ReadToken())
	d.parent, d.name = parent, name
	if n == 0 {
		d.wrong("must name at least one permission")
	}
	return set
}

// createAPIKey issues a key. Its text is in this answer and nowhere else: neither can it be shown again, nor an earlier answer be repeated.
func (s *Server) createAPIKey(x *exchange) error {
	b := borrow()
	defer b.giveBack()
	var body newAPIKey
	if err := receive(s, x, b, newAPIKeyFields, &body); err != nil {
		return err
	}
	if err := judgeNewKey(x.grant.holds, body.said); err != nil {
		return err
	}
	var text string
	text, body.said.Prefix, body.said.Digest = MintAPIKey()
	receipt, err := s.submit(x, core.IssueAPIKey{KeyID: s.NewID(), APIKeyDetails: body.said})
	if err != nil {
		return err
	}
	issued, err := viewIssued(receipt.Events[0])
	if err != nil {
		return err
	}
	if receipt.Replayed > 0 {
		return &core.Error{
			Code:     codeKeyShownOnce,
			Message:  "API key " + issued.ID.String() + " was issued by an earlier request with this Idempotency-Key; its text was in that answer and is kept nowhere: if it was lost, revoke that key and create another, with a new Idempotency-Key",
			Existing: &core.Existing{ID: issued.ID},
		}
	}
	b.out = appendNewAPIKey(b.out, &issued, text)
	x.answerJSON(http.StatusCreated, b.out)
	return nil
}

// judgeNewKey refuses a key that could do more than its creator.
func judgeNewKey(held core.Permissions, said core.APIKeyDetails) error {
	if lacking := said.Permissions &^ held; lacking != 0 {
		err := fail(core.CodePermissionDenied, "a key can be given no more than its creator holds, which is %s: leave out %s", held, lacking)
		err.Fields = []core.FieldError{{Pointer: "/permissions", Message: "must not name what the creator does not hold: " + lacking.String()}}
		return err
	}
	return nil
}

func (s *Server) revokeAPIKey(x *exchange) error {
	receipt, err := submitOn(s, x, noFields, new(struct{}), func(id core.ID) core.Intent { return core.RevokeAPIKey{KeyID: id} })
	if err != nil {
		return err
	}
	v, err := s.viewRevoked(x.request.Context(), receipt.Events[0])
	if err != nil { // it is revoked all the same, and must not be told otherwise
		return &core.Error{Code: core.CodeOutcomeUnknown, Message: "the API key was revoked, but cannot be shown right now: retry with the same Idempotency-Key, or list the keys a little later", Err: err}
	}
	b := borrow()
	defer b.giveBack()
	b.out = appendAPIKey(b.out, &v)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

func (s *Server) listAPIKeys(x *exchange) error {
	var q core.APIKeyQuery
	eventual, err := readList(x.request.URL, apiKeyParameters, &q, &q.Paging)
	if err != nil {
		return err
	}
	return showList(s, x, eventual, q.Paging, func(ctx context.Context, after core.Position) (core.Page[core.APIKeyView], error) {
		return s.Reader.APIKeys(ctx, after, x.tenant, q)
	}, appendAPIKey)
}
