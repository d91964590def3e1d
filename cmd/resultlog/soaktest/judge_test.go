package soaktest

import "testing"

// judgeLife looks whether some figures have grown while a node's process lived, or since the first one was as old.
func (s *soak) judgeLife(t *testing.T, n *node, figures []figure) {
	t.Helper()
	first, l := n.lives[0], n.life()
	for _, f := range figures {
		wrong := []string{f.exceeded(l.since(0))}
		if windowsTell() {
			wrong = append(wrong, f.grown(l.early, l.late), f.aged(first.late, l.late))
		}
		for _, one := range wrong {
			if one != "" {
				t.Errorf("%s, process %d of %s: %s", s.name, len(n.lives), n.name, one)
			}
		}
	}
}

// judgeShown looks whether each figure was shown at all, so that there was something to judge.
func (s *soak) judgeShown(t *testing.T, n *node) {
	t.Helper()
	var all window
	for _, l := range n.lives {
		all = append(all, l.since(0)...)
	}
	for _, f := range s.figures() {
		if !f.isShown(all) {
			t.Errorf("%s: %s has never shown what %s is made of, in %d samples: this has proved nothing of it", s.name, n.name, f.name, len(all))
		}
	}
}

// figures are those that the engine has.
func (s *soak) figures() (all []figure) {
	for _, f := range figures {
		if f.engine == "" || f.engine == s.name {
			all = append(all, f)
		}
	}
	return all
}
