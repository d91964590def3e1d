package soaktest

import (
	"fmt"
	"sync"
	"testing"
)

// mostTold is how many complaints of a kind are told: what is wrong is mostly wrong thousands of times, and the first ones say how.
const mostTold = 10

// complaints are what is wrong.
type complaints struct {
	complaining sync.Mutex
	first       []string
	count       int
}

func (c *complaints) note(format string, a ...any) {
	c.complaining.Lock()
	defer c.complaining.Unlock()
	if c.count++; len(c.first) < mostTold {
		c.first = append(c.first, fmt.Sprintf(format, a...))
	}
}

// tell fails the test if there are any.
func (c *complaints) tell(t *testing.T) {
	t.Helper()
	for _, one := range c.first {
		t.Error(one)
	}
	if more := c.count - len(c.first); more > 0 {
		t.Errorf("and %d more of this kind", more)
	}
}
