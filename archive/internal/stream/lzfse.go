package stream

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzfse"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// lzfseHead is how many bytes of a file are looked at: the first block's magic and its
// lengths, which the formats of blocks have in different places.
const lzfseHead = 13

// LZFSE is how a file that Apple's lzfse makes is found and opened.
var LZFSE = &level.Format{Name: "lzfse", Detect: detectLZFSE, Open: openLZFSE}

func detectLZFSE(p *level.Probe) bool { return isLZFSE(p.Head) }

// isLZFSE asks for a block's magic and for a length that is none of text.
func isLZFSE(head []byte) bool {
	return len(head) >= lzfseHead-1 && string(head[:3]) == "bvx" && (head[3] == '1' || head[3] == '2' || head[3] == 'n' || head[3] == '-') && head[7] < 0x20
}

// lzfseFrames decodes streams of blocks, each up to its end mark.
type lzfseFrames struct {
	s *series
	z *lzfse.Reader
}

func openLZFSE(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, lzfseHead, size, lzfseHead)
	if err != nil {
		return nil, err
	}
	if !isLZFSE(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), lzfseHead, "lzfse")
	s.dec = &lzfseFrames{s: s, z: lzfse.NewReader(s.in.Reader)}
	return s, nil
}

func (f *lzfseFrames) Begins(head []byte) bool { return isLZFSE(head) }
func (f *lzfseFrames) Release()                {}

func (f *lzfseFrames) Open() error {
	f.z.Reset(f.s.in.Reader)
	return nil
}

func (f *lzfseFrames) Read(p []byte) (int, error) { return f.z.Read(p) }
