package inno

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// chunk is a stream that files are pieces of.
type chunk struct {
	w         *walker
	s         *setup // nil for one that nothing leads to
	slice     uint32
	at        int64 // of its mark
	offset    int64 // as the entries have it
	packed    int64 // bytes behind the mark, and behind the salt of one that is encrypted
	more      bool  // it goes on in other slices
	packing   packing
	encrypted bool
	files     []file

	in       *input.Bytes
	r        io.Reader
	method   string
	pos      int64 // decoded so far
	high     int64 // up to where it was yielded
	body     *body
	broken   error // why there is no more
	end      int64 // up to where it can be decoded, once it is broken; else 0
	password string
	cipher   func() (cipher.Stream, int64) // and the bytes before the data
	begun    bool
	ended    bool
	doubted  bool // a file's checksum is wrong
}

// file is a piece of a chunk.
type file struct {
	number       int
	offset, size int64
	sum          [32]byte
	calls        bool
	names        []string
	tried        int // readings so far
}

// next yields the next file of the chunk, or what is behind the last one.
func (c *chunk) next() error {
	if !c.begun {
		c.begun = true
		if err := c.begin(); err != nil {
			return err
		}
	}
	if err := c.settle(); err != nil {
		return err
	}
	for len(c.files) > 0 {
		f := &c.files[0]
		again := f.tried > 0
		if again && (c.broken != nil || c.body == nil || !c.body.differs || f.tried == len(c.readings(f))) {
			c.doubted = c.doubted || c.body != nil && c.body.differs
			c.files = c.files[1:]
			continue
		}
		c.w.Then(c.next)
		if c.broken != nil && c.end > 0 && f.offset <= c.end && f.size <= c.end-f.offset {
			// A file that goes on too far takes nothing from the others.
			if err := c.reopen(); err != nil {
				return err
			}
		}
		if c.broken == nil && f.offset < c.pos && !again {
			c.w.Note(anomaly.Overlap)
		}
		if c.broken == nil && f.offset > c.high {
			return c.between("gap", f.offset)
		}
		return c.yield(f)
	}
	return c.rest()
}

// begin opens the chunk.
func (c *chunk) begin() error {
	c.body = nil
	if c.encrypted {
		c.broken = c.unlock()
		return sourceError(c.broken)
	}
	return c.reopen()
}

// reopen decodes from the start.
func (c *chunk) reopen() error {
	c.release()
	c.w.open = c
	c.pos = 0
	if c.broken = c.present(); c.broken != nil {
		return sourceError(c.broken)
	}
	c.in, c.r, c.method, c.broken = c.w.dec.choose(c.source, c.packing)
	return sourceError(c.broken)
}

// sourceError is an error that is not of the format's classes.
func sourceError(err error) error {
	if err == nil {
		return nil
	}
	for _, class := range []error{level.ErrMalformed, level.ErrUnsupported, level.ErrLimit, level.ErrEncrypted} {
		if errors.Is(err, class) {
			return nil
		}
	}
	return err
}

// present says why there is no chunk.
func (c *chunk) present() error {
	if c.s == nil {
		return nil
	}
	if _, found := slices.BinarySearch(c.w.parts.chunks, c.at); found {
		return nil
	}
	if c.w.parts.many {
		return errMany()
	}
	return fmt.Errorf("is in another volume: %w", level.ErrUnsupported)
}

// source is the chunk as it is stored.
func (c *chunk) source() (io.Reader, error) {
	from := c.at + int64(len(chunkMark))
	if c.cipher == nil {
		return saferead.Section(c.w.src, from, c.packed, c.w.size), nil
	}
	stream, skip := c.cipher()
	return streamReader{stream, saferead.Section(c.w.src, from+skip, c.packed, c.w.size)}, nil
}

// streamReader decrypts.
type streamReader struct {
	s cipher.Stream
	r io.Reader
}

func (s streamReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.s.XORKeyStream(p[:n], p[:n])
	return n, err
}

// settle reads what is left of the file before.
func (c *chunk) settle() error {
	b := c.body
	if b == nil || b.ended || c.broken != nil {
		return nil
	}
	n, err := io.CopyN(io.Discard, b, input.MaxDrain-c.w.drained)
	c.w.drained += n
	if err == nil && !b.ended {
		c.broken = input.ErrDrained()
	}
	return sourceErrorOf(err)
}

// sourceErrorOf is a failure of the source itself.
func sourceErrorOf(err error) error {
	if err == io.EOF {
		return nil
	}
	return sourceError(err)
}

// yield makes a file the current member.
func (c *chunk) yield(f *file) error {
	m := &level.Member{Size: f.size, Method: c.method, Encrypted: c.encrypted, Password: c.password}
	for _, n := range f.names {
		level.AddName(m, n, c.w.limits.NameBytes)
	}
	if len(f.names) == 0 {
		level.AddName(m, fmt.Sprintf("setup-%d/file-%d", c.s.number, f.number), c.w.limits.NameBytes)
	}
	readings := c.readings(f)
	reading := readings[f.tried]
	if f.tried > 0 {
		m.Reading = reading.String()
	}
	f.tried++
	if c.broken == nil {
		if err := c.seek(f.offset); err != nil {
			return err
		}
	}
	if c.method != "" {
		m.Method = c.method
	}
	if c.broken != nil {
		m.Err = c.broken
		c.w.Yield(m, nil)
		return nil
	}
	if c.packed > c.w.size-c.at-int64(len(chunkMark)) {
		level.Note(m, anomaly.Truncated)
	}
	b := &body{c: c, m: m, raw: piece{c, f.size}, hash: c.s.layout.hash(), want: f.sum[:c.s.layout.sum]}
	b.r = reading.reader(&b.raw, false, c.w.filtered[:])
	c.body = b
	c.w.Yield(m, b)
	return nil
}

// readings are the filters to try on a file, the likeliest first.
func (c *chunk) readings(f *file) []filter {
	if !f.calls {
		return []filter{plain}
	}
	all := []filter{filterOf(c.s.version)}
	for _, g := range []filter{flipped, blocks, sums, plain} {
		if g != all[0] {
			all = append(all, g)
		}
	}
	return all
}

// seek goes to an offset in what is decoded, up to where something was yielded.
//
// QUIRK: Setup decodes a chunk again for a file that lies before the present one.
func (c *chunk) seek(offset int64) error {
	if offset < c.pos {
		if err := c.reopen(); err != nil || c.broken != nil {
			return err
		}
	}
	n := offset - c.pos
	got, err := io.CopyN(io.Discard, &piece{c, n}, min(n, input.MaxDrain-c.w.drained))
	c.w.drained += got
	if err == nil && got < n {
		c.broken = input.ErrDrained()
	}
	return sourceErrorOf(err)
}

// between yields what no file has, from where something was yielded up to an offset, or
// to the end for -1.
func (c *chunk) between(what string, to int64) error {
	if err := c.seek(c.high); err != nil {
		return err
	}
	if c.broken != nil {
		return nil
	}
	left := int64(-1)
	if to >= 0 {
		left = to - c.pos
	}
	b := &body{c: c, raw: piece{c, left}}
	var first [1]byte
	from := c.high
	n, err := io.ReadFull(&b.raw, first[:])
	if n == 0 {
		if to < 0 {
			c.broken = nil // the end needs no mark
		}
		return sourceErrorOf(err)
	}
	c.w.Note(anomaly.Gap)
	b.m = &level.Member{Size: left, Method: c.method, Password: c.password, Encrypted: c.encrypted}
	level.AddName(b.m, fmt.Sprintf("chunk-%d/%s-%d", c.at, what, from), c.w.limits.NameBytes)
	b.r = io.MultiReader(bytes.NewReader(first[:]), &b.raw)
	c.body = b
	c.w.Yield(b.m, b)
	return nil
}

// rest yields what is behind the last file, and ends the chunk.
func (c *chunk) rest() error {
	if c.broken == nil && !c.ended {
		c.ended = true
		c.w.Then(c.next)
		return c.between("rest", -1)
	}
	if c.in != nil && !c.doubted && (c.broken == nil || errors.Is(c.broken, level.ErrLimit)) {
		c.w.covered.add(c.at, c.at+int64(len(chunkMark))+c.in.At())
	} else if errors.Is(c.broken, level.ErrEncrypted) {
		c.w.covered.add(c.at, c.at+1)
	}
	c.release()
	return nil
}

// release gives the decoder back.
func (c *chunk) release() {
	if c.in != nil {
		c.in.Release()
		c.in = nil
	}
	c.r = nil
	c.w.open = nil
}

// piece is the next bytes of a chunk, -1 for all that there are.
type piece struct {
	c    *chunk
	left int64
}

func (p *piece) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	if p.left > 0 {
		b = b[:min(int64(len(b)), p.left)]
	}
	n, err := p.c.r.Read(b)
	p.c.pos += int64(n)
	p.c.high = max(p.c.high, p.c.pos)
	p.c.w.dec.windows.Pay(n)
	if p.left > 0 {
		p.left -= int64(n)
	}
	if err == nil || p.left == 0 {
		return n, nil
	}
	if err == io.EOF && p.left < 0 {
		return n, err
	}
	err = input.NoEOF(err)
	if p.c.more && errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("goes on in another volume: %w", level.ErrUnsupported)
	} else {
		err = level.Classed(err)
	}
	p.c.end = max(p.c.end, p.c.pos)
	p.c.broken = fmt.Errorf("behind damage in a chunk: %w", err)
	return n, err
}

// body is a file, or what is between files.
type body struct {
	c       *chunk
	m       *level.Member
	raw     piece
	r       io.Reader
	hash    hash.Hash // nil if nothing is known
	want    []byte
	ended   bool
	differs bool
	err     error
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.hash != nil {
		b.hash.Write(p[:n])
	}
	if err != nil {
		b.ended = true
		b.err = b.judge(err)
	}
	return n, b.err
}

// Work implements level.Worker.
func (b *body) Work() int64 { return b.c.w.work.take() }

// judge says how a body ends.
func (b *body) judge(err error) error {
	if err != io.EOF || b.hash == nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			level.Note(b.m, anomaly.Truncated)
		}
		return err
	}
	if b.differs = !bytes.Equal(b.hash.Sum(nil), b.want); b.differs {
		level.Note(b.m, anomaly.CRC)
		return fmt.Errorf("checksum: %w", level.ErrMalformed)
	}
	return io.EOF
}
