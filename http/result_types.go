package httpapi

import (
	"context"
	"net/http"

	"resultlog/core"
)

// resultTypeFields is the contract's list of fields (§2.8). What PUT does not say is not so: without a classification there is none.
var resultTypeFields = []field[core.ResultTypeSetting]{
	{"is_active", required, func(d *decoder, r *core.ResultTypeSetting) { r.Active = d.boolean() }},
	{"classification", optional, func(d *decoder, r *core.ResultTypeSetting) { d.into(&r.Classification) }},
}

func (s *Server) configureResultType(x *exchange) error {
	b := borrow()
	defer b.giveBack()
	var setting core.ResultTypeSetting
	if err := receive(s, x, b, resultTypeFields, &setting); err != nil {
		return err
	}
	var err error
	if setting.Code, err = core.ParseResultCode(x.params.ByName("code")); err != nil {
		return fail(core.CodeNotFound, "the result type %s %v", shorten(x.params.ByName("code")), err)
	}
	receipt, err := s.submit(x, core.ConfigureResultType{ResultTypeSetting: setting})
	if err != nil {
		return err
	}
	e, err := recordedAs[core.ResultTypeConfigured](receipt.Events[0], "a configuration needs a ResultTypeConfigured")
	if err != nil {
		return err
	}
	b.out = appendResultType(b.out, e.ResultTypeSetting)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

func (s *Server) listResultTypes(x *exchange) error {
	eventual, err := readEventual(x.request.URL)
	if err != nil {
		return err
	}
	types, err := read(s, x, eventual, func(ctx context.Context, after core.Position) (core.ResultTypes, error) {
		return s.Reader.ResultTypes(ctx, after, x.tenant)
	})
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.out = appendResultTypes(b.out, types)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

// appendResultTypes encodes the catalogue as a tenant has it, whole, as a bare array.
func appendResultTypes(b []byte, types core.ResultTypes) []byte {
	b = append(b, '[')
	for i := range core.Catalog {
		if i > 0 {
			b = append(b, ',')
		}
		code := core.ResultCode(i + 1)
		b = appendResultType(b, core.ResultTypeSetting{Code: code, Active: types.Active(code), Classification: types.Classification(code)})
	}
	return append(b, ']')
}

func appendResultType(b []byte, setting core.ResultTypeSetting) []byte {
	o := core.OpenObject(b)
	o.Text("code", setting.Code.String())
	o.Text("label", setting.Code.Type().Label)
	o.Boolean("isActive", setting.Active)
	textOrNull(&o, "classification", setting.Classification.String())
	return o.Close()
}
