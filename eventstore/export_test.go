package eventstore

// QueueDepth shows tests of the outside how many commands wait.
func QueueDepth(s *Sequencer) int { return s.queue.depth() }
