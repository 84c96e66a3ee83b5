package lz

import (
	"bytes"
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/input"
)

func TestOldMethods(t *testing.T) {
	for name, body := range archivetest.SampleBodies() {
		for _, c := range []struct {
			method string
			raw    []byte
			open   func(*input.Bytes) io.Reader
		}{
			{"shrink", archivetest.ShrinkOf(body), func(in *input.Bytes) io.Reader { return NewUnshrink(in) }},
			{"reduce-1", archivetest.ReduceOf(body, 1), func(in *input.Bytes) io.Reader { return NewUnreduce(in, 1) }},
			{"reduce-4", archivetest.ReduceOf(body, 4), func(in *input.Bytes) io.Reader { return NewUnreduce(in, 4) }},
			{"implode-4k", archivetest.ImplodeOf(body, 0), func(in *input.Bytes) io.Reader { return NewExplode(in, 0) }},
			{"implode-8k", archivetest.ImplodeOf(body, 6), func(in *input.Bytes) io.Reader { return NewExplode(in, 6) }},
			{"deflate", archivetest.Pack(8, body), func(in *input.Bytes) io.Reader { return NewInflateAny(in, InflateLax) }},
		} {
			got, err := io.ReadAll(io.LimitReader(c.open(input.NewBytes(bytes.NewReader(c.raw))), int64(len(body))))
			if err != nil || string(got) != body {
				t.Errorf("%s %s: %d bytes of %d, %v", c.method, name, len(got), len(body), err)
			}
		}
	}
}
