package core

import (
	"fmt"
	"slices"
)

// ResultCode is a task result type of the global catalogue (contract §1), as one byte: its place in Catalog, from 1.
type ResultCode uint8

// ResultType is an entry of the catalogue.
type ResultType struct {
	Code  string // as on the wire, like not_home
	Label string // in Spanish, without accents, as in the API's own document
}

// Catalog lists the result types in the order of the API's own document. It is append-only: a ResultCode is a place in it.
var Catalog = []ResultType{
	{"success", "Exito"},
	{"not_home", "No se encontro"},
	{"is_closed", "Cerrado"},
	{"no_interest", "Sin interes"},
	{"rescheduled", "Reagendado"},
	{"wrong_address", "Direccion incorrecta"},
	{"b2b_purchase", "Compra B2B"},
	{"no_answer", "Sin respuesta"},
	{"callback_requested", "Solicita devolucion de llamada"},
	{"other", "Otro"},
}

// ParseResultCode finds a code of the catalogue; the error lists them all.
func ParseResultCode(code string) (ResultCode, error) {
	i := slices.IndexFunc(Catalog, func(t ResultType) bool { return t.Code == code })
	if i < 0 {
		codes := make([]string, len(Catalog))
		for i, t := range Catalog {
			codes[i] = t.Code
		}
		return 0, fmt.Errorf("is not in the catalogue: %w", NotOneOf(codes))
	}
	return ResultCode(i + 1), nil
}

// String is the code on the wire.
func (c ResultCode) String() string { return c.Type().Code }

// Type is the catalogue's entry; the zero ResultCode has an empty one.
func (c ResultCode) Type() ResultType {
	if c == 0 {
		return ResultType{}
	}
	return Catalog[c-1]
}

// MarshalText implements encoding.TextMarshaler with the code on the wire.
func (c ResultCode) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; see ParseResultCode.
func (c *ResultCode) UnmarshalText(text []byte) (err error) {
	*c, err = ParseResultCode(string(text))
	return err
}
