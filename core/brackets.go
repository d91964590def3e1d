package core

import "iter"

// Brackets yields the place of each bracket and brace of a JSON text that stands outside of its strings, and how many are open behind it. Of what is not JSON it may yield anything.
func Brackets[T string | []byte](text T) iter.Seq2[int, int] {
	return func(yield func(place, depth int) bool) {
		depth, quoted := 0, false
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case quoted && c == '\\':
				i++
				continue
			case c == '"':
				quoted = !quoted
				continue
			case quoted:
				continue
			case c == '{' || c == '[':
				depth++
			case c == '}' || c == ']':
				depth--
			default:
				continue
			}
			if !yield(i, depth) {
				return
			}
		}
	}
}
