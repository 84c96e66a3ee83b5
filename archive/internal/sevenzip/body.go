package sevenzip

import (
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// openStream makes the present stream of a folder the current member.
func (z *walker) openStream(f *folder) (*level.Member, io.Reader) {
	for z.file < z.db.files.n && z.db.files.isEmpty(z.file) {
		z.file++
	}
	m := z.member(z.file)
	z.file++
	m.Size, m.Method, m.Encrypted = f.streamSize(z.stream), f.method(), f.encrypted()
	if m.Dir && m.Size != 0 {
		level.Note(m, anomaly.DirData)
	}
	if z.stream == 0 {
		var err error
		if z.content, z.password, err = z.openFolder(z.db, f); err != nil {
			z.broken = err
		}
	} else if z.broken == nil {
		z.broken = z.drain()
	}
	m.Password = z.password
	if z.broken != nil {
		m.Err = z.broken
		return m, nil
	}
	crc, has := f.streamCRC(z.stream)
	z.body = &body{z: z, m: m, r: z.content, left: m.Size, want: crc, hasCRC: has}
	return m, z.body
}

// drain decodes what is left of the stream before.
func (z *walker) drain() error {
	b := z.body
	if b == nil || b.ended {
		return z.broken
	}
	n, err := io.CopyN(io.Discard, b, input.MaxDrain-z.drained)
	z.drained += n
	if err == nil && !b.ended {
		return input.ErrDrained()
	}
	return z.broken
}

// Work implements level.Worker.
func (b *body) Work() int64 { return b.z.work() }

// work is what the models in use took since it was asked last.
func (z *walker) work() int64 {
	n := int64(0)
	for _, m := range z.models {
		n += m.Work()
	}
	return n
}

// body is one stream of a folder.
type body struct {
	z      *walker
	m      *level.Member
	r      io.Reader
	left   int64 // bytes to come, -1: to the folder's end
	n      int64
	crc    uint32
	want   uint32
	hasCRC bool
	ended  bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.finish(io.EOF)
	}
	if b.left > 0 {
		p = p[:min(int64(len(p)), b.left)]
	}
	n, err := b.r.Read(p)
	b.crc = crc32.Update(b.crc, crc32.IEEETable, p[:n])
	b.n += int64(n)
	b.z.windows.Pay(n)
	if b.left > 0 {
		b.left -= int64(n)
	}
	switch {
	case err == nil || b.left == 0:
		return n, nil
	case b.left > 0 && err == io.EOF:
		err = io.ErrUnexpectedEOF
		level.Note(b.m, anomaly.Size)
	}
	return n, b.finish(err)
}

// finish judges the end of a stream. An error is one of all that follow.
func (b *body) finish(err error) error {
	b.ended = true
	if err != io.EOF {
		err = decodeError(err)
		b.z.broken = fmt.Errorf("behind damage in a solid block: %w", err)
		return err
	}
	if b.hasCRC && b.crc != b.want {
		level.Note(b.m, anomaly.CRC)
		return fmt.Errorf("CRC: %w", level.ErrMalformed)
	}
	return io.EOF
}
