package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// TestAsOfIsWhatWasAnswered: whatever happens later, a read as of a tenant position, or as of a time, is answered with the very bytes that were read then; and what was not there yet, with 404.
func TestAsOfIsWhatWasAnswered(t *testing.T) {
	unraced(t)
	for engine, place := range map[string]func(testing.TB) string{"sqlite": func(t testing.TB) string { return t.TempDir() }, "postgres": func(t testing.TB) string { return postgrestest.Database(t) }} {
		t.Run(engine, func(t *testing.T) {
			s := serveOn(t, place(t))
			r := rand.New(rand.NewPCG(80, 1))
			tenants := []*remembering{newRemembering(t, s, testTenant), newRemembering(t, s, otherTestTenant)}
			for range 80 {
				c := tenants[r.IntN(len(tenants))]
				c.act(t, r)
				for _, c := range tenants {
					c.remember(t)
				}
			}
			for _, c := range tenants {
				c.judge(t)
			}
		})
	}
}

// remembering is a client of one tenant that remembers all that it could read at each moment.
type remembering struct {
	*tenantClient
	activities, results []string            // their paths
	read                []map[string]string // after each command of anybody: what each path was answered
	asOf                [][2]string         // the same moments, as a position and as a time
}

func newRemembering(t *testing.T, s *server, tenant string) *remembering {
	return &remembering{tenantClient: &tenantClient{server: s, token: tokenFor(t, tenant), tenant: tenant}}
}

// act does something; refusals are part of life.
func (c *remembering) act(t *testing.T, r *rand.Rand) {
	provider := fmt.Sprintf(`"provider_activity_id":"p-%d"`, r.IntN(8))
	activity := "/api/activities/" + (core.ID{1}).String()
	if len(c.activities) > 0 {
		activity = c.activities[r.IntN(len(c.activities))]
	}
	id := activity[len("/api/activities/"):]
	soon := time.Now().Add(time.Minute).UTC().Format(time.RFC3339Nano)
	switch r.IntN(10) {
	case 0, 1:
		named := provider
		if r.IntN(2) == 0 {
			named = ""
		}
		if answer := c.send(t, "POST", "/api/activities", creation(fmt.Sprint("key ", r.Uint64()), named)); field(answer, "id") != "" {
			c.activities = append(c.activities, "/api/activities/"+field(answer, "id"))
		}
	case 2:
		c.send(t, "POST", "/api/activities/tasks/"+id+"/dispatch", "{"+provider+"}")
	case 3:
		c.send(t, "PATCH", "/api/activities/"+id+"/cancel", "")
	case 4:
		class := []string{`"POSITIVE"`, `"NEGATIVE"`, `null`}[r.IntN(3)]
		c.send(t, "PUT", "/api/task-result-types/success", `{"is_active":true,"classification":`+class+`}`)
	case 5:
		c.send(t, "POST", "/api/api-keys", `{"name":"n","permissions":["VIEW_ACTIVITIES"]}`)
	default:
		named := provider
		if r.IntN(3) == 0 {
			named = `"activity_id":"` + id + `"`
		}
		status := []string{"PENDING", "PENDING", "PENDING", "COMPLETED", "NOT_EXECUTED", "CANCELED"}[r.IntN(6)]
		answer := c.send(t, "POST", "/api/activity-results/tasks", submission(named+fmt.Sprintf(`,"raw_payload":{ "n" : %d.0}`, r.IntN(99)), status, soon, r.IntN(3) == 0))
		if path := "/api/activity-results/" + field(answer, "id"); field(answer, "resultStatus") != "" && field(answer, "createdAt") == field(answer, "updatedAt") {
			c.results = append(c.results, path)
		}
	}
}

// send gives what a request is answered, if it is accepted.
func (c *remembering) send(t *testing.T, method, path, body string) string {
	t.Helper()
	status, answer, _ := question{method: method, path: path, body: body}.send(t, c.server, c.token, c.tenant)
	if status >= 500 {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if status >= 300 {
		return ""
	}
	return answer
}

func (c *remembering) paths() []string {
	return append(append([]string(nil), c.activities...), c.results...)
}

var lastPosition = regexp.MustCompile(`this tenant's last is (\d+)`)

// remember reads everything that it knows, and when that was. It is over when the millisecond is: nothing more is recorded in it.
func (c *remembering) remember(t *testing.T) {
	t.Helper()
	read := map[string]string{}
	for _, path := range c.paths() {
		read[path] = c.send(t, "GET", path, "")
	}
	_, refusal, _ := question{method: "GET", path: "/api/activities/" + testTenant + "?as_of=" + strconv.Itoa(1<<40)}.send(t, c.server, c.token, c.tenant)
	position := lastPosition.FindStringSubmatch(refusal)
	if position == nil {
		t.Fatal(refusal)
	}
	now := core.InstantOf(time.Now())
	for core.InstantOf(time.Now()) == now { // a millisecond at most
	}
	c.read, c.asOf = append(c.read, read), append(c.asOf, [2]string{position[1], now.String()})
}

// judge reads everything again, as of each moment that it remembers.
func (c *remembering) judge(t *testing.T) {
	same, missing := 0, 0
	for i, then := range c.read {
		if i > 0 && c.asOf[i][0] == c.asOf[i-1][0] && i%10 > 0 {
			continue // nothing has happened in this tenant since
		}
		for _, path := range c.paths() {
			for _, moment := range c.asOf[i] {
				status, answer, _ := question{method: "GET", path: path + "?as_of=" + moment}.send(t, c.server, c.token, c.tenant)
				want, there := then[path]
				switch {
				case there && (status != http.StatusOK || answer != want):
					t.Fatalf("%s as of %s: %d %s\nand then it was\n%s", path, moment, status, answer, want)
				case !there && status != http.StatusNotFound:
					t.Fatalf("%s as of %s: %d %s, and then it was not there", path, moment, status, answer)
				case there:
					same++
				default:
					missing++
				}
			}
		}
	}
	if same < 200 || missing < 50 {
		t.Errorf("%d answers of things and %d of things to come are too few to tell anything", same, missing)
	}
}
