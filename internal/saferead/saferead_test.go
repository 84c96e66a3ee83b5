package saferead

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func TestAt(t *testing.T) {
	src := strings.NewReader("0123456789")
	for _, c := range []struct {
		off, n int64
		max    int
		want   string
		err    error
	}{
		{0, 10, 10, "0123456789", nil},
		{3, 4, 10, "3456", nil},
		{3, 4, 4, "3456", nil},
		{3, 4, 3, "", ErrTooLong},
		{8, 4, 10, "89", io.ErrUnexpectedEOF},
		{10, 1, 10, "", io.EOF},
		{10, 0, 10, "", nil},
		{-1, 1, 10, "", io.EOF},
		{0, -1, 10, "", ErrTooLong},
		{math.MaxInt64, 1, 10, "", io.EOF},
		{1, math.MaxInt64, math.MaxInt, "123456789", io.ErrUnexpectedEOF},
	} {
		got, err := At(src, c.off, c.n, 10, c.max)
		if string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("At(%d, %d, max %d) = %q, %v; want %q, %v", c.off, c.n, c.max, got, err, c.want, c.err)
		}
	}
}

func TestAtLyingSource(t *testing.T) {
	got, err := At(strings.NewReader("abc"), 0, 1<<40, 1<<41, math.MaxInt)
	if string(got) != "abc" || err != io.ErrUnexpectedEOF {
		t.Errorf("got %q, %v", got, err)
	}
	if cap(got) > 2*step {
		t.Errorf("allocated %d bytes for 3", cap(got))
	}
}

func TestUpTo(t *testing.T) {
	src := bytes.NewReader(make([]byte, 200_000))
	for _, c := range []struct {
		off, n int64
		max    int
		want   int
	}{{0, 1 << 40, 150_000, 150_000}, {199_999, 5, 10, 1}, {300_000, 5, 10, 0}} {
		got, err := UpTo(src, c.off, c.n, 200_000, c.max)
		if len(got) != c.want || err != nil {
			t.Errorf("UpTo(%d, %d) = %d bytes, %v; want %d", c.off, c.n, len(got), err, c.want)
		}
	}
}

func TestSection(t *testing.T) {
	src := strings.NewReader("0123456789")
	for _, c := range []struct {
		off, n int64
		want   string
	}{{2, 3, "234"}, {8, math.MaxInt64, "89"}, {-1, 5, ""}, {10, 1, ""}, {0, -1, ""}} {
		got, err := io.ReadAll(Section(src, c.off, c.n, 10))
		if string(got) != c.want || err != nil {
			t.Errorf("Section(%d, %d) = %q, %v", c.off, c.n, got, err)
		}
	}
}
