// Package docs carries the API's description, and the page that shows it, into the program. The description is written in openapi.yaml; go run ./cmd/docs makes openapi.json of it.
package docs

import (
	"embed"
	"io/fs"
)

// OpenAPI is the description of the API, OpenAPI 3.1 as JSON. Nobody may change it.
//
//go:embed openapi.json
var OpenAPI []byte

//go:embed swagger-ui
var files embed.FS

// Page holds index.html and the files that it loads; swagger-ui/README.md says where they are from.
func Page() fs.FS {
	page, err := fs.Sub(files, "swagger-ui")
	if err != nil {
		panic(err) // only for a path that is malformed, which this one is not
	}
	return page
}
