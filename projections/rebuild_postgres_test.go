package projections_test

import (
	"math/rand/v2"
	"testing"

	"resultlog/projections"
)

// Millions of rows take longer to be deleted than a delivery's statements may take: what empties the tables is not under their time-out.
func TestEmptyingTheTablesTakesItsTime(t *testing.T) {
	w := postgresWorld(t)
	w.live(rand.New(rand.NewPCG(95, 1)), 10)
	for _, statement := range []string{
		`CREATE FUNCTION takes_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN IF current_setting('statement_timeout') <> '0' THEN RAISE EXCEPTION 'canceling statement due to statement timeout'; END IF; RETURN NULL; END $$`,
		`CREATE TRIGGER takes_its_time BEFORE DELETE ON results FOR EACH STATEMENT EXECUTE FUNCTION takes_its_time()`,
	} {
		if _, err := w.tables.Write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
		t.Fatal(err)
	}
	w.verify(w.tables)
}
