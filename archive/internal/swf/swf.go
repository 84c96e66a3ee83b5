package swf

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// Offsets in bytes: what all versions begin with, and where LZMA's properties and data
// stand behind it and their length.
const (
	headBytes  = 8 // signature, version, length
	lzmaLength = 8
	lzmaProps  = 12
	lzmaData   = 17
)

// Format is how a compressed Flash file is found and opened.
var Format = &level.Format{Name: "swf", Detect: func(p *level.Probe) bool { return isPacked(p.Head) }, Open: open}

// isPacked asks for more than three letters: for data that decodes, without which no
// player goes on. The version may be any.
func isPacked(b []byte) bool {
	if len(b) < headBytes {
		return false
	}
	switch string(b[:3]) {
	case "CWS":
		return zlib.Begins(b[headBytes:])
	case "ZWS":
		return len(b) > lzmaData && b[lzmaProps] < 9*5*5 && b[lzmaData] == 0
	}
	return false
}

// file is a walk through one file: the member, and what stands behind the compressed
// data.
type file struct {
	level.Steps
	in     *input.Stream
	body   *body
	member *level.Member
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, headBytes+zlib.Head, size, headBytes+zlib.Head)
	if err != nil {
		return nil, err
	}
	if !isPacked(head) {
		return nil, level.ErrFormat
	}
	f := &file{in: input.NewStream(src, size)}
	f.member = &level.Member{Method: "deflate"}
	if head[0] == 'Z' {
		f.member.Method = "lzma"
	}
	f.body = newBody(f.in, head, f.member, l.Dictionary)
	f.member.Size = f.body.declared
	f.Yield(f.member, f.body)
	f.Then(f.behind)
	return f, nil
}

// lookBytes is how much is looked at in one step for what is no padding.
const lookBytes = 64 << 10

// behind yields what stands behind the compressed data, once that was read to its end.
func (f *file) behind() error {
	at := f.body.end
	size := f.in.Src.Size()
	for off := at; at > 0 && off < size; off += lookBytes {
		b, err := saferead.UpTo(f.in.Src, off, lookBytes, size, lookBytes)
		if err != nil {
			return err
		}
		if level.AllZeros(b) {
			continue
		}
		f.Note(anomaly.Appended)
		m := &level.Member{Size: size - at, Method: "stored", Reading: "appended"}
		f.Yield(m, io.NewSectionReader(f.in.Src, at, size-at))
		break
	}
	return nil
}

// Close gives back what the walk holds.
func (f *file) Close() {
	if f.in != nil {
		f.Steps.Close()
		f.in.Release()
		f.in = nil
	}
}
