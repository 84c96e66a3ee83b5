package scanner

import "fmt"

// names are the stable texts of an enumeration that counts from 0.
type names[T ~uint8] []string

func (n names[T]) text(v T) string {
	if int(v) < len(n) {
		return n[v]
	}
	return fmt.Sprintf("invalid(%d)", v)
}

func (n names[T]) parse(v *T, what string, text []byte) error {
	for i, s := range n {
		if s == string(text) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("scanner: unknown %s %.80q", what, text)
}
