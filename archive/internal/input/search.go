package input

import (
	"bytes"
	"io"
)

// searchBuffer is how much of a source is searched at once, in bytes.
const searchBuffer = 16 << 10

// Search finds a pattern's occurrences in ascending order.
type Search struct {
	src     io.ReaderAt
	size    int64
	pattern []byte
	at      int64 // where buf begins
	buf     []byte
	mem     []byte
}

// NewSearch is for a pattern in the first size bytes of a source.
func NewSearch(src io.ReaderAt, size int64, pattern string) *Search {
	return &Search{src: src, size: size, pattern: []byte(pattern)}
}

// Next returns where the pattern next occurs at or behind from, -1 if it does not.
func (s *Search) Next(from int64) (int64, error) {
	for from <= s.size-int64(len(s.pattern)) {
		if from < s.at || from+int64(len(s.pattern)) > s.at+int64(len(s.buf)) {
			if err := s.load(from); err != nil {
				return -1, err
			}
			if len(s.buf) < len(s.pattern) {
				break // the source ends before its size
			}
		}
		if i := bytes.Index(s.buf[from-s.at:], s.pattern); i >= 0 {
			return from + int64(i), nil
		}
		from = s.at + int64(len(s.buf)-len(s.pattern)) + 1
	}
	return -1, nil
}

func (s *Search) load(from int64) error {
	if s.mem == nil {
		s.mem = make([]byte, min(searchBuffer, s.size-from))
	}
	n, err := s.src.ReadAt(s.mem[:min(int64(len(s.mem)), s.size-from)], from)
	if err == io.EOF {
		err = nil
	}
	s.at, s.buf = from, s.mem[:n]
	return err
}
