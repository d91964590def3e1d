package projections

// MaxPurged shows tests of the outside how many old keys one batch removes.
const MaxPurged = maxPurged
