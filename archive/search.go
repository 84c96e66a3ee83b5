package archive

import (
	"bytes"
	"io"
)

// searchBuffer is how much of a source is searched at once, in bytes.
const searchBuffer = 16 << 10

// search finds a pattern's occurrences in ascending order.
type search struct {
	src     io.ReaderAt
	size    int64
	pattern []byte
	at      int64 // where buf begins
	buf     []byte
	mem     []byte
}

func newSearch(src io.ReaderAt, size int64, pattern string) *search {
	return &search{src: src, size: size, pattern: []byte(pattern)}
}

// next returns where the pattern next occurs at or behind from, -1 if it does not.
func (s *search) next(from int64) (int64, error) {
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

func (s *search) load(from int64) error {
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
