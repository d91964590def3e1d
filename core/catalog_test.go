package core

import (
	"encoding"
	"strings"
	"testing"
)

// TestCatalog is the documented table, row by row: "Ten catalogue codes with their Spanish labels, written without accents as in the document."
func TestCatalog(t *testing.T) {
	want := []ResultType{
		{"success", "Exito"}, {"not_home", "No se encontro"}, {"is_closed", "Cerrado"}, {"no_interest", "Sin interes"}, {"rescheduled", "Reagendado"},
		{"wrong_address", "Direccion incorrecta"}, {"b2b_purchase", "Compra B2B"}, {"no_answer", "Sin respuesta"},
		{"callback_requested", "Solicita devolucion de llamada"}, {"other", "Otro"},
	}
	if len(Catalog) != len(want) {
		t.Fatalf("%d codes, want %d", len(Catalog), len(want))
	}
	for i, w := range want {
		code, err := ParseResultCode(w.Code)
		if err != nil || code != ResultCode(i+1) || code.Type() != w || code.String() != w.Code {
			t.Errorf("%s: %d %v %v, want place %d: %v", w.Code, code, code.Type(), err, i+1, w)
		}
	}
	if zero := ResultCode(0); zero.String() != "" || zero.Type() != (ResultType{}) {
		t.Errorf("the zero code is %v", zero.Type())
	}
	for _, bad := range []string{"", "SUCCESS", "success ", "Exito"} {
		if code, err := ParseResultCode(bad); err == nil || code != 0 || !strings.Contains(err.Error(), "callback_requested") {
			t.Errorf("%q: %v %v, want a refusal that lists what is allowed", bad, code, err)
		}
	}
}

// TestNames reads every name on the wire of every enumeration, and refuses what is none of them.
func TestNames(t *testing.T) {
	walkNames(t, resultStatusNames, func(i int) ResultStatus { return ResultStatus(i) }, (*ResultStatus).UnmarshalText)
	walkNames(t, activityStatusNames, func(i int) ActivityStatus { return ActivityStatus(i) }, (*ActivityStatus).UnmarshalText)
	walkNames(t, activityTypeNames, func(i int) ActivityType { return ActivityType(i) }, (*ActivityType).UnmarshalText)
	walkNames(t, classificationNames, func(i int) Classification { return Classification(i) }, (*Classification).UnmarshalText)
	var s ResultStatus
	if err := s.UnmarshalText([]byte("TRANSFERRED")); s != ResultTransferred || err != nil {
		t.Errorf("TRANSFERRED: %v %v", s, err)
	}
}

func walkNames[T interface {
	comparable
	encoding.TextMarshaler
}](t *testing.T, names []string, value func(int) T, unmarshal func(*T, []byte) error) {
	t.Helper()
	for i, name := range names {
		var got T
		err := unmarshal(&got, []byte(name))
		if i == 0 {
			if err == nil {
				t.Errorf("%s is read, and must never be sent", name)
			}
			continue
		}
		if text, _ := value(i).MarshalText(); err != nil || got != value(i) || string(text) != name {
			t.Errorf("%s: %v %v, written as %s", name, got, err, text)
		}
	}
	var v T
	for _, bad := range []string{"", strings.ToLower(names[1]), names[1] + " "} {
		if err := unmarshal(&v, []byte(bad)); err == nil || !strings.Contains(err.Error(), names[len(names)-1]) {
			t.Errorf("%q: %v, want a refusal that lists what is allowed", bad, err)
		}
	}
}
