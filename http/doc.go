// Package httpapi is the service as clients see it: routes, credentials, strict JSON in, documented JSON out (docs: the contract, §1 and §2.3 to §2.9).
//
// Read it in this order. routes.go is the table of what there is. server.go builds and runs it. exchange.go is what happens around every request; admit (auth.go) what
// happens before a handler; guards.go, cors.go and ratelimit.go are what browsers and busy clients are told by both. One file per resource (results.go, activities.go, dispatch.go, lists.go) holds its request, its field table and its handlers, which do three things: decode, call, encode;
// the file beside it (…_answer.go) holds its answers. decoder.go and values.go read a body strictly; problem.go is the one table from error code to status.
//
// The package knows core and nothing of how events are stored or read: what it needs of them it asks for as Submitter, Reader, Barrier, History and Past.
package httpapi
