package httpapi

import (
	"fmt"
	"io/fs"
	"net/http"
)

// docsFiles are the files of the page at /docs, and what each is. Nothing else that lies beside them is shown.
var docsFiles = map[string]string{
	"init.js":              "text/javascript; charset=utf-8",
	"swagger-ui-bundle.js": "text/javascript; charset=utf-8",
	"swagger-ui.css":       "text/css; charset=utf-8",

	"LICENSE":                          "text/plain; charset=utf-8", // Apache-2.0 and the licences of what is bundled ask to be passed on
	"NOTICE":                           "text/plain; charset=utf-8",
	"swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
}

// docsPolicy lets the page load its own files and ask this server, and nothing else: a token that somebody types in to try a request can go nowhere else. The page needs nothing inline;
// data: is for the pictures within its style sheet.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// How long browsers may keep what was shown; everything else not at all (guards).
const (
	keepNot  = "no-cache"             // the description and the page: after an upgrade the new ones show at once
	keepHour = "public, max-age=3600" // Swagger UI is 1.9 MB, and seldom another
)

// showOpenAPI answers with the description of the API.
func (s *Server) showOpenAPI(x *exchange) error {
	if s.OpenAPI == nil {
		return fail(codeRouteNotFound, "this server does not describe its API")
	}
	x.Header().Set("Cache-Control", keepNot)
	x.answerJSON(http.StatusOK, s.OpenAPI)
	return nil
}

// showDocsPage answers with the page on which people read and try the API.
func (s *Server) showDocsPage(x *exchange) error {
	return s.showDocs(x, "index.html", "text/html; charset=utf-8", keepNot)
}

// showDocsFile answers with a file of that page.
func (s *Server) showDocsFile(x *exchange) error {
	name := x.params.ByName("file")
	contentType, known := docsFiles[name]
	if !known {
		return fail(codeRouteNotFound, "the page at /docs has no file %s", shorten(name))
	}
	return s.showDocs(x, name, contentType, keepHour)
}

func (s *Server) showDocs(x *exchange, name, contentType, keep string) error {
	if s.Docs == nil {
		return fail(codeRouteNotFound, "this server has no page that shows its API")
	}
	file, err := fs.ReadFile(s.Docs, name)
	if err != nil {
		return fmt.Errorf("the page at /docs: %w", err)
	}
	h := x.Header()
	h.Set("Cache-Control", keep)
	h.Set("Content-Security-Policy", docsPolicy)
	x.answer(http.StatusOK, contentType, file)
	return nil
}
