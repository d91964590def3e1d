// Package core is the heart of resultlog: what a submitted result means, and what follows from it.
//
// Read it in this order. Pure functions: Decide judges a command on a state and gives events; Evolve folds an event into a state.
// Around them a Machine, which is not safe for concurrent use: it holds the state of every activity, result, API key and tenant, decides commands on an overlay (Step),
// and keeps or drops what they did (Commit, Rollback) once the log has told whether it is durable. Replay folds events that are durable already, by the same Evolve.
//
// The package imports the standard library and looplab/fsm. It has no clock, no goroutine, no SQL, no HTTP and no log: time and fresh ids come in with a command.
package core
