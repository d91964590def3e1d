package projections

// MaxPurged shows tests of the outside how many old keys one batch removes.
const MaxPurged = maxPurged

// FoldedAtOnce and ComparedAtOnce show how much a Comparison takes at a time.
const (
	FoldedAtOnce   = foldedAtOnce
	ComparedAtOnce = comparedAtOnce
)

// HeldBack and PersonalColumns show what a Comparison knows of the tables.
var (
	HeldBack        = heldBack
	PersonalColumns = personalColumns
)
