package httpapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"resultlog/core"
)

// TestKeysStayInTheirTenant: a key sees and changes nothing of another tenant, and is not told that there is something.
func TestKeysStayInTheirTenant(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postTask+task("provider_activity_id", `"p"`))
	w.accept(t, postResult+sent("commerce_external_id", `"secret-store"`))
	w.keyFor(tenant, core.ViewActivities, nil)
	w.keyFor(otherTenant, core.AllPermissions, nil)
	head := len(w.log)
	unknown := core.ID{9}.String()
	for line, then := range map[string]string{
		"GET " + results + "/{r1}": "404 not_found", "GET " + showA1: "404 not_found", "GET " + showA1 + "/status-events": "404 not_found", dispatchA1: "404 not_found", cancelA1: "404 not_found",
		"POST /api/api-keys/{k1}/revoke": "404 not_found",
	} {
		rec := w.ask(by2 + line)
		if got := briefly(t, rec); got != then {
			t.Errorf("%s: %s, want %s", line, got, then)
		}
		id := w.parse(line).URL.Path
		for _, mine := range []string{"{r1}", "{a1}", "{k1}"} {
			mine = w.named(mine)
			if !strings.Contains(id, mine) {
				continue
			}
			other := w.ask(by2 + strings.ReplaceAll(w.named(line), mine, unknown))
			mask := strings.NewReplacer(mine, "", unknown, "", problemOf(t, rec).RequestID, "", problemOf(t, other).RequestID, "")
			if mask.Replace(rec.Body.String()) != mask.Replace(other.Body.String()) {
				t.Errorf("%s is told\n%s\nand of what there is not\n%s", line, rec.Body, other.Body)
			}
		}
	}
	for _, path := range []string{results, createPath, "/api/api-keys"} {
		if body := w.ask(by2 + "GET " + path).Body.String(); strings.Contains(body, "secret-store") || strings.Contains(body, w.named("{a1}")) || strings.Contains(body, w.named("{k1}")) {
			t.Errorf("%s shows %s", path, body)
		}
	}
	if len(w.log) != head {
		t.Error("something was recorded")
	}
	// What it submits is its own tenant's, even under a name that the other's activity has.
	if rec := w.ask(by2 + postResult + sent("provider_activity_id", `"p"`)); !strings.Contains(rec.Body.String(), `"source":"STANDALONE"`) || w.log[head].Stream.Tenant != otherTenant {
		t.Errorf("recorded in %s: %s", w.log[head].Stream.Tenant, rec.Body)
	}
}

// TestKeysUnavailable: whether a key is valid cannot be told: 503, and not 401, after which a client would throw its key away.
func TestKeysUnavailable(t *testing.T) {
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.AllPermissions, nil)
	w.keysFail = &core.Error{Code: core.CodeKeysUnavailable, Err: errors.New("disk")}
	for _, line := range []string{postResult + minimal, postBatch + array(minimal), "GET " + results, "GET " + results + "/" + tenant.String(), `PUT /api/task-result-types/other {"is_active":true}`, "GET /api/api-keys"} {
		rec := w.judgeKeyed(t, byKey(w.parse(line), key), "503 keys_unavailable", 0)
		if rec.Header().Get("Retry-After") != "1" || !strings.Contains(rec.Body.String(), "nothing was done: retry") {
			t.Errorf("%s: %s", line, showAnswer(rec))
		}
	}
	w.judgeKeyed(t, byKey(w.request(http.MethodPost, submitPath, minimal), "rtn_sk_x"), "401 unauthenticated", 0) // it is none, whatever the log says
	if rec := w.post(submitPath, minimal); rec.Code != http.StatusCreated {
		t.Errorf("a token does not need the keys: %s", rec.Body)
	}
}

// TestItemsAreJudgedAgain: what is decided of a batch after its API key has ended is refused as it would be alone.
func TestItemsAreJudgedAgain(t *testing.T) {
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.AllPermissions, nil)
	w.onSubmit = func(context.Context) {
		w.onSubmit = nil
		w.accept(t, "POST /api/api-keys/{k1}/revoke")
	}
	for _, item := range itemsOf(t, w.do(byKey(w.batchRequest(mediaJSON, array(minimal, minimal)), key))) {
		if item.Status != http.StatusUnauthorized || item.Headers["WWW-Authenticate"] == "" {
			t.Errorf("%+v", item)
		}
	}
}

// TestRevokedBetweenAdmissionAndDecision: a revocation holds for writes at once, also for those that were let in before it.
func TestRevokedBetweenAdmissionAndDecision(t *testing.T) {
	for _, row := range []struct {
		sentence string
		meantime func(w *world)
		says     string
	}{
		{"revoked", func(w *world) {
			w.onSubmit = nil
			w.accept(t, "POST /api/api-keys/{k1}/revoke")
		}, "the API key has been revoked: use another one"},
		{"expired", func(w *world) { w.setClock(noon.Add(time.Hour)) }, "the API key expired at 2025-01-16T15:30:05.000Z: use another one"},
	} {
		for _, line := range []string{postResult + minimal, "Idempotency-Key=k " + postActivity + created(), cancelA1, `PUT /api/task-result-types/other {"is_active":false}`, `POST /api/api-keys {"name":"n","permissions":["VIEW_EVENTS"]}`} {
			w := newWorld(t)
			w.accept(t, postTask+task("idempotency_key", `"k-2"`))
			key, _ := w.keyFor(tenant, core.AllPermissions, &hour)
			r := byKey(w.parse(line), key)
			head := 0
			w.onSubmit = func(context.Context) { row.meantime(w); head = len(w.log) }
			rec := w.do(r)
			if p := problemOf(t, rec); rec.Code != http.StatusUnauthorized || p.Message != row.says || rec.Header().Get("WWW-Authenticate") != `Bearer realm="resultlog"` {
				t.Errorf("%s, %s: %s", row.sentence, line, showAnswer(rec))
			}
			if len(w.log) != head {
				t.Errorf("%s, %s: %d events were recorded", row.sentence, line, len(w.log)-head)
			}
		}
	}
}

// TestKeysInEvents: the event names the key by its id, and neither a subject nor a role.
func TestKeysInEvents(t *testing.T) {
	w := newWorld(t)
	key, id := w.keyFor(tenant, core.AllPermissions, nil)
	r := byKey(w.request(http.MethodPost, submitPath, minimal), key)
	r.Header.Set("X-Request-Id", "r-1")
	w.do(r)
	want := core.Metadata{Actor: core.Actor{Key: id.String()}, RequestID: "r-1"}
	if c := w.lastCommand(); c.Metadata != want || c.APIKey != id || c.Tenant != tenant {
		t.Errorf("the command has %+v and key %s in tenant %s, want %+v and %s", c.Metadata, c.APIKey, c.Tenant, want, id)
	}
	if got := string(core.EncodeMetadata(w.log[len(w.log)-1].Metadata)); !strings.Contains(got, `"actor":{"key":"`+id.String()+`"}`) {
		t.Errorf("recorded: %s", got)
	}
	w.post(submitPath, minimal)
	if c := w.lastCommand(); !c.APIKey.IsZero() || c.Metadata.Actor.Key != "" {
		t.Errorf("a command by a token has the key %s of %+v", c.APIKey, c.Metadata.Actor)
	}
}

// TestKeysAreNowhere: SHA-256 at rest, shown once. But for the answer of its issue, the text of a key stands in no answer, no event, no metadata and no line of the log.
func TestKeysAreNowhere(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	issued := w.accept(t, withKey+`POST /api/api-keys {"name":"n","permissions":["VIEW_ACTIVITIES","CREATE_ACTIVITY","MANAGE_API_KEYS"]}`)
	if strings.Count(issued.Body.String(), w.texts[0]) != 1 {
		t.Fatalf("the answer of its issue: %s", issued.Body)
	}
	said := ""
	for _, line := range []string{
		withKey + `POST /api/api-keys {"name":"n","permissions":["VIEW_ACTIVITIES","CREATE_ACTIVITY","MANAGE_API_KEYS"]}`, by1 + postResult + minimal, by1 + "Idempotency-Key=k " + postResult + minimal,
		by1 + "GET " + results, by1 + "GET /api/api-keys", "GET /api/api-keys", by1 + cancelA1, by1 + "X-Tenant-Id={other} GET " + results, "X-Api-Key={key 1} GET " + results,
		"-Authorization X-Api-Key={key 1}0 GET " + results, "-Authorization X-Api-Key={key 1},{key 1} GET " + results, "Authorization={key 1} GET " + results, "Authorization=Bearer{key 1} GET " + results,
		by1 + "GET /api/{key 2}", by1 + "Idempotency-Key=q POST /api/api-keys/{k1}/revoke", by1 + "GET " + results, "GET /api/api-keys",
	} {
		said += showAnswer(w.ask(line))
	}
	stored := ""
	for _, r := range w.log {
		e := core.Encode(r.Event)
		stored += string(e.Data) + string(e.Personal) + string(core.EncodeMetadata(r.Metadata))
	}
	if !strings.Contains(stored, `"key_sha256":"`) || !strings.Contains(said, w.texts[0][:13]) || !strings.Contains(log.String(), "unauthenticated") {
		t.Fatal("this test looks at nothing")
	}
	for where, text := range map[string]string{"answers": said, "events": stored, "the log": log.String()} {
		if secret := w.texts[0][len(keyMark)+keyShown:]; strings.Contains(text, secret) || strings.Contains(text, secret[:8]) {
			t.Errorf("the key stands in %s: %s", where, text)
		}
	}
}

// TestKeysOverTheNetwork: header names have no case, and one that is too large is refused before anybody looks at it.
func TestKeysOverTheNetwork(t *testing.T) {
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.AllPermissions, nil)
	w.serve(t)
	for _, row := range []struct {
		sentence, head string
		status, looked int
	}{
		{"in lower case", "x-api-key: " + key, 200, 2},
		{"in upper case", "X-API-KEY: " + key, 200, 2},
		{"with blanks around, which are none of it", "x-api-key: \t" + key + "  ", 200, 2},
		{"two of them, in two spellings", "x-api-key: " + key + "\r\nX-Api-Key: " + key, 401, 0},
		{"both credentials", "x-api-key: " + key + "\r\nauthorization: Bearer x", 400, 0},
		{"too long", "x-api-key: " + key + strings.Repeat("0", MaxHeaderBytes/2), 401, 0},
		{"oversized", "x-api-key: " + key + strings.Repeat("0", 2*MaxHeaderBytes), 431, 0},
		{"an oversized token", "Authorization: Bearer " + strings.Repeat("x", 2*MaxHeaderBytes), 431, 0},
		{"an oversized tenant", "x-tenant-id: " + strings.Repeat("a", 2*MaxHeaderBytes), 431, 0},
	} {
		w.looked = 0
		if resp := w.raw(t, "GET "+results+" HTTP/1.1\r\nHost: x\r\n"+row.head+"\r\n\r\n"); resp.StatusCode != row.status || w.looked != row.looked {
			t.Errorf("%s: status %d, looked for %d times", row.sentence, resp.StatusCode, w.looked)
		}
	}
}

// TestAReadThatWaitedIsJudgedAgain: within a second of its revocation a key reads nothing more, however long the read waits for its turn.
func TestAReadThatWaitedIsJudgedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		key, id := w.keyFor(tenant, core.AllPermissions, nil)
		for range maxLists / 2 {
			mustTake(t, w.server.lists, tenant)
		}
		answered := make(chan *httptest.ResponseRecorder)
		go func() { answered <- w.do(byKey(w.request(http.MethodGet, results, ""), key)) }()
		synctest.Wait()
		w.accept(t, "POST /api/api-keys/"+id.String()+"/revoke")
		time.Sleep(ReadsWait - time.Millisecond)
		w.server.lists.giveBack(tenant)
		if rec := <-answered; rec.Code != http.StatusUnauthorized {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	})
}
