package soaktest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// useAnAPIKey issues an API key, reads with it, and revokes it.
func (l *load) useAnAPIKey(number int) bool {
	name := fmt.Sprint("api-key-", number)
	id, text, ok := l.issue(name, number)
	if !ok {
		return false
	}
	l.acknowledge(name, id)
	if text != "" {
		_, ok = l.ask(request{method: http.MethodGet, path: resultsPath + "?limit=1", apiKey: text}, number, http.StatusOK)
	}
	revocation := request{method: http.MethodPost, path: keysPath + "/" + id + "/revoke", key: name + "-revoked"}
	if _, revoked := l.ask(revocation, number, http.StatusOK); !revoked {
		return false
	}
	l.acknowledge(revocation.key, id)
	return ok
}

// issue issues an API key. If the first answer was lost, the text is not shown again, and is "".
func (l *load) issue(name string, number int) (id, text string, ok bool) {
	body := fmt.Sprintf(`{"name":%q,"permissions":["VIEW_ACTIVITIES"]}`, name)
	a, ok := l.ask(request{method: http.MethodPost, path: keysPath, body: body, key: name}, number, http.StatusCreated, http.StatusConflict)
	var issued struct {
		ID, PlaintextKey, Code string
		Existing               struct{ ID string }
	}
	if err := json.Unmarshal(a.body, &issued); ok && (err != nil || a.status == http.StatusConflict && issued.Code != "api_key_shown_once") {
		l.strange.note("issuing %s was answered %d %s, %v", name, a.status, a.body, err)
		return "", "", false
	}
	return issued.ID + issued.Existing.ID, issued.PlaintextKey, ok
}
