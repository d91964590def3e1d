package eventstore

// QueueDepth shows tests of the outside how many commands wait.
func QueueDepth(s *Sequencer) int { return s.queue.depth() }

// Asking shows how many ask for a key that must be looked for, and wait.
func Asking(s *Sequencer) int {
	s.apiKeys.mu.RLock()
	defer s.apiKeys.mu.RUnlock()
	if s.apiKeys.next == nil {
		return 0
	}
	return s.apiKeys.next.waiting
}
