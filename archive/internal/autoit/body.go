package autoit

import (
	"errors"
	"hash"
	"hash/adler32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// unclassed is an error that concerns more than one member: of the source, or the end of
// work.
func unclassed(err error) error {
	if errors.Is(err, level.ErrMalformed) || errors.Is(err, level.ErrUnsupported) {
		return nil
	}
	return err
}

// bodyOf opens a record's body.
func (w *walker) bodyOf(r *record, m *level.Member) (io.Reader, error) {
	key := w.key(r.v)
	key.seed(r.seed)
	w.body = cipherReader{section: saferead.Section(w.src, r.off, r.packed, w.size), key: key, work: &w.work, m: m, sum: adler32.New(), want: r.checksum}
	w.body.short = w.body.section.Size() < r.packed
	if !r.compressed {
		return &w.body, nil
	}
	size, err := w.out.open(&w.body)
	if err != nil {
		return nil, err
	}
	m.Method = "autoit"
	if size != r.size {
		level.Note(m, anomaly.Size)
	}
	w.out.worker = &w.body
	return &w.out, nil
}

// cipherReader deciphers a body.
type cipherReader struct {
	section *io.SectionReader
	key     keystream
	work    *input.Work
	m       *level.Member
	sum     hash.Hash32
	want    uint32
	short   bool // the file ends within it
	err     error
	taken   int64 // bytes that Work has not told of
}

// Work implements level.Worker: a long body may yield little.
func (c *cipherReader) Work() int64 {
	n := c.taken
	c.taken = 0
	return n
}

func (c *cipherReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.section.Read(p)
	c.taken += int64(n)
	if !c.work.Spend(int64(n)) {
		c.err = input.ErrWork
		return 0, c.err
	}
	c.key.xor(p[:n])
	c.sum.Write(p[:n])
	if err == io.EOF {
		err = c.end()
	}
	c.err = err
	return n, err
}

// end judges what was read.
func (c *cipherReader) end() error {
	if c.short {
		level.Note(c.m, anomaly.Truncated)
		return level.Truncated(io.EOF)
	}
	if c.sum.Sum32() != c.want {
		level.Note(c.m, anomaly.CRC)
	}
	return io.EOF
}
