package bombs

// canonical gives each symbol its code, the highest bit first, by the lengths of all.
func canonical(lengths []int) []uint64 {
	codes := make([]uint64, len(lengths))
	code := uint64(0)
	for n := 1; n <= 20; n++ {
		code <<= 1
		for s, l := range lengths {
			if l == n {
				codes[s] = code
				code++
			}
		}
	}
	return codes
}

// alphabet is a code and how it is written.
type alphabet struct {
	lengths []int
	codes   []uint64
}

// newAlphabet gives n symbols the lengths that are listed by symbol, and no code to
// others.
func newAlphabet(n int, lengths map[int]int) alphabet {
	all := make([]int, n)
	for s, l := range lengths {
		all[s] = l
	}
	return alphabet{all, canonical(all)}
}

func (a alphabet) put(w *highBits, s int) { w.put(a.codes[s], uint(a.lengths[s])) }
