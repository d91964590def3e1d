package eventstore

import "resultlog/core"

// QueueDepth shows tests of the outside how many commands wait.
func QueueDepth(s *Sequencer) int { return s.queue.depth() }

// Machine shows them what a sequencer remembers, once it has ended: until then the machine is its own.
func Machine(s *Sequencer) *core.Machine { return s.machine }
