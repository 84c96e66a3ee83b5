package unace

import (
	"bufio"
	"io"
)

// words hands out the bytes of little-endian words of 32 bits, the highest first: that
// is the order of the stream's bits. A word that is not whole does not count.
type words struct {
	r    *bufio.Reader
	word [4]byte
	left int
}

func newWords(r io.Reader) *words { return &words{r: bufio.NewReaderSize(r, 4<<10)} }

func (w *words) ReadByte() (byte, error) {
	if w.left == 0 {
		if _, err := io.ReadFull(w.r, w.word[:]); err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			return 0, err
		}
		w.left = len(w.word)
	}
	w.left--
	return w.word[w.left], nil
}
