package core

// SignedCheckpoint is what the service says of a tenant's history up to an event, signed: the root of the Merkle tree over its first Size events.
type SignedCheckpoint struct {
	Size     Position // how many events; so the tenant position of the last of them
	Root     Digest
	SignedAt Instant
	Note     string // the signed text, in the form of C2SP's tlog-checkpoint
}

// InclusionProof shows that an event is in the history that a checkpoint is about (RFC 6962, section 2.1.1).
type InclusionProof struct {
	Position   Position // the event's tenant position: in the tree it is leaf Position-1, since those are counted from 0
	Leaf       Digest
	Hashes     []Digest // the audit path, from the leaf's neighbour up
	Checkpoint SignedCheckpoint
}

// ConsistencyProof shows that the history of an older checkpoint is the beginning of that of a newer one (RFC 6962, section 2.1.2).
type ConsistencyProof struct {
	From       Position // the size of the older one
	FromRoot   Digest   // what its root must have been
	Hashes     []Digest
	Checkpoint SignedCheckpoint // the newer one
}
