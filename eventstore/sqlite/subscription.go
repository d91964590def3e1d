package sqlite

import "resultlog/eventstore"

// EventsTopic is the log as the read tables' connections see it (ReadTables.Write): attached to their file. Their write lock is taken by BEGIN IMMEDIATE.
func EventsTopic() eventstore.EventsTopic {
	return eventstore.EventsTopic{Select: `SELECT ` + rowColumns + ` FROM ` + attachedLog + `.events`}
}
