package spool

import (
	"bytes"
	"testing"
)

// Buffers that are mapped keep their bytes when others come and go.
func TestLargeBuffers(t *testing.T) {
	s := NewStore(t.TempDir(), 0)
	var all []*Buffer
	for i := range 5 {
		b := s.New()
		if _, err := b.Write(bytes.Repeat([]byte{byte(i)}, largeBytes-1+i)); err != nil {
			t.Fatal(err)
		}
		if err := b.Finish(); err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
		for k, other := range all {
			got, err := other.Bytes()
			if err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(k)}, largeBytes-1+k)) {
				t.Fatalf("buffer %d behind %d: %d bytes, %v", k, i, len(got), err)
			}
		}
	}
	if len(s.large) != 4 {
		t.Errorf("%d large ones", len(s.large))
	}
	for _, b := range all {
		b.Release()
	}
	if len(s.large) != 0 {
		t.Errorf("%d large ones at the end", len(s.large))
	}
}
