package eventstore

import "io/fs"

// ViewsIn gives the migrations of the views on tables of a schema, which are in its folder views; nil if it has none. They are apart from those of the tables: tables that are made beside others, to
// take their place, have no views.
func ViewsIn(schema fs.FS) (fs.FS, error) {
	files, err := fs.Glob(schema, "views/*.sql")
	if err != nil || len(files) == 0 {
		return nil, err
	}
	return fs.Sub(schema, "views")
}
