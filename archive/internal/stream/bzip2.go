package stream

import (
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// bzip2HeadBytes is the length of a stream's magic, its level and the first magic
// within it.
const bzip2HeadBytes = 10

// isBzip2 asks for more than "BZh": a block's or the end's magic follows.
func isBzip2(head []byte) bool {
	if len(head) < 4 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	rest := head[4:min(len(head), bzip2HeadBytes)]
	return bytes.HasPrefix([]byte("1AY&SY"), rest) || bytes.HasPrefix([]byte("\x17\x72\x45\x38\x50\x90"), rest)
}

// bzip2Frames decodes the streams of a bzip2 file. The decoder goes from one to
// the next by itself; a frame here is a row of streams without gaps.
type bzip2Frames struct {
	s    *series
	z    io.Reader
	rows int
}

// maxGaps bounds the decoders that garbage between streams makes necessary:
// each costs 4 MB.
const maxGaps = 64

// Bzip2 is how a bzip2 file is found and opened.
var Bzip2 = &level.Format{Name: "bzip2", Detect: detectBzip2, Open: openBzip2}

func openBzip2(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, bzip2HeadBytes, size, bzip2HeadBytes)
	if err != nil {
		return nil, err
	}
	if !isBzip2(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), bzip2HeadBytes, "bzip2")
	s.dec = &bzip2Frames{s: s}
	return s, nil
}

func (f *bzip2Frames) Begins(head []byte) bool { return isBzip2(head) }
func (f *bzip2Frames) Release()                {}

func (f *bzip2Frames) Open() error {
	if f.rows++; f.rows > maxGaps {
		_, _ = f.s.in.Discard(len("BZh"))
		return fmt.Errorf("gaps between streams: %w", level.ErrLimit)
	}
	// The reader below is an io.ByteReader, so that nothing is taken ahead.
	f.z = bzip2.NewReader(f.s.in)
	return nil
}

// ErrBehindStream is the decoder's answer to garbage behind a whole stream.
const ErrBehindStream = bzip2.StructuralError("bad magic value in continuation file")

func (f *bzip2Frames) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	if err == ErrBehindStream {
		// The decoder has taken two bytes to see that no stream follows.
		if err = f.s.in.Back(2); err == nil {
			err = io.EOF
		}
	}
	return n, err
}

func detectBzip2(p *level.Probe) bool {
	return isBzip2(p.Head)
}
