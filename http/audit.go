package httpapi

import (
	"context"
	"errors"
	"math"
	"net/http"

	"resultlog/core"
)

// proving is what the query string of a proof says.
type proving struct{ position core.Position }

var (
	inclusionParameters   = []parameter[proving]{{"position", func(p *parameters, q *proving) { q.position = core.Position(p.number(1, math.MaxInt64)) }}}
	consistencyParameters = []parameter[proving]{{"from", func(p *parameters, q *proving) { q.position = core.Position(p.number(1, math.MaxInt64)) }}}
)

// prove asks Proofs for something; what the query string must say, if anything, is what the table has.
func prove[P any](s *Server, x *exchange, table []parameter[proving], ask func(ctx context.Context, tenant core.ID, position core.Position) (P, error)) (proof P, err error) {
	query, err := parseQuery(x.request.URL)
	if err != nil {
		return proof, err
	}
	p, q := &parameters{query: query}, proving{}
	readTable(p, table, &q)
	if len(table) > 0 && len(p.wrong) == 0 && q.position == 0 {
		p.bad("is required: a tenant position, from 1")
	}
	if err := p.end(); err != nil {
		return proof, err
	}
	ctx, cancel := context.WithTimeout(x.request.Context(), ReadTimeout)
	defer cancel()
	if err := s.judgeAgain(ctx, x); err != nil {
		return proof, err
	}
	proof, err = ask(ctx, x.tenant, q.position)
	var told *core.Error
	if err != nil && !errors.As(err, &told) {
		err = &core.Error{Code: core.CodeProofUnavailable, Err: err}
	}
	return proof, err
}

func (s *Server) showCheckpoint(x *exchange) error {
	c, err := prove(s, x, nil, func(ctx context.Context, tenant core.ID, _ core.Position) (core.SignedCheckpoint, error) {
		return s.Proofs.Checkpoint(ctx, tenant)
	})
	if err != nil {
		return err
	}
	x.answer(http.StatusOK, "text/plain; charset=utf-8", []byte(c.Note))
	return nil
}

func (s *Server) proveInclusion(x *exchange) error {
	proof, err := prove(s, x, inclusionParameters, s.Proofs.Inclusion)
	if err != nil {
		return err
	}
	o := core.OpenObject(nil)
	o.Integer("position", int64(proof.Position))
	o.Text("leaf", proof.Leaf.String())
	appendProof(&o, proof.Hashes, proof.Checkpoint)
	x.answerJSON(http.StatusOK, o.Close())
	return nil
}

func (s *Server) proveConsistency(x *exchange) error {
	proof, err := prove(s, x, consistencyParameters, s.Proofs.Consistency)
	if err != nil {
		return err
	}
	o := core.OpenObject(nil)
	o.Integer("from", int64(proof.From))
	o.Text("fromRoot", proof.FromRoot.String())
	appendProof(&o, proof.Hashes, proof.Checkpoint)
	x.answerJSON(http.StatusOK, o.Close())
	return nil
}

// appendProof writes what both kinds of proofs have: the hashes, and the checkpoint that they lead to.
func appendProof(o *core.Object, hashes []core.Digest, c core.SignedCheckpoint) {
	texts := make([]string, len(hashes))
	for i, h := range hashes {
		texts[i] = h.String()
	}
	o.Texts("hashes", texts)
	o.Integer("size", int64(c.Size))
	o.Text("root", c.Root.String())
	o.Instant("signedAt", c.SignedAt)
	o.Text("checkpoint", c.Note)
}

func (s *Server) listVerifierKeys(x *exchange) error {
	keys, err := prove(s, x, nil, func(ctx context.Context, tenant core.ID, _ core.Position) ([]string, error) {
		return s.Proofs.Keys(ctx, tenant)
	})
	if err != nil {
		return err
	}
	o := core.OpenObject(nil)
	o.Texts("keys", keys)
	x.answerJSON(http.StatusOK, o.Close())
	return nil
}
