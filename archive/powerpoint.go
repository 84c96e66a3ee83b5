package archive

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// Records of PowerPoint's stream ([MS-PPT] section 2.13.24).
const (
	pptContainer  = 0xF    // version of a record that holds others
	pptObject     = 0x1011 // an embedded object, or the project of macros
	pptCryptToken = 0xF3D1C4DF
)

// pptRecordHead is the length of a record's head, in bytes.
const pptRecordHead = 8

// powerPoint yields PowerPoint's stream, and after it each object in it: those are
// compound files of their own, mostly compressed.
func (o *oleFile) powerPoint(s *oleStream) error {
	encrypted, err := o.pptEncrypted(s)
	if err != nil {
		return err
	}
	if encrypted {
		s.member.Encrypted = true
		o.broken(s.member, "presentation", ErrEncrypted)
		return nil
	}
	o.yield(s.member, s.section())
	o.then(o.pptObjects(s, newFields(s, s.size), 1))
	return nil
}

// pptEncrypted asks the stream that says so ([MS-PPT] section 2.3.2).
func (o *oleFile) pptEncrypted(s *oleStream) (bool, error) {
	at := o.c.child(o.c.entries[s.index].parent, "Current User")
	if at < 0 {
		return false, nil
	}
	user, err := o.open(at)
	if err != nil {
		return false, err
	}
	f := newFields(user, user.size)
	f.skip(pptRecordHead + 4)
	token := f.u32()
	return token == pptCryptToken, f.err
}

// pptObjects goes through the records from where f is. Containers are entered by
// going on behind their heads, so that no depth matters.
func (o *oleFile) pptObjects(s *oleStream, f *fields, number int) step {
	return func() error {
		for f.left() >= pptRecordHead {
			head := f.u16()
			kind, n := f.u16(), int64(f.u32())
			switch {
			case kind == pptObject && head&0xF != pptContainer:
				body := f.rest(n)
				f.skip(n)
				o.pptObject(s, body, head>>4 == 1, number)
				o.then(o.pptObjects(s, f, number+1))
				return f.err
			case head&0xF != pptContainer:
				f.skip(n)
			}
		}
		return f.err
	}
}

// pptObject yields one object ([MS-PPT] section 2.10.34).
func (o *oleFile) pptObject(s *oleStream, body *io.SectionReader, compressed bool, number int) {
	m := &Member{Method: "stored", Size: body.Size()}
	m.addName(fmt.Sprintf("%s/object%d.bin", s.member.Names[0], number), o.limits.NameBytes)
	if !compressed {
		o.yield(m, body)
		return
	}
	size := newFields(body, body.Size()).u32()
	m.Size, m.Method = int64(size), "deflate"
	o.yield(m, &zlibBody{want: m.Size, src: io.NewSectionReader(body, 4, max(0, body.Size()-4))})
}

// zlibBody inflates a zlib stream (RFC 1950), and opens it only when it is read. Its
// checksum is not asked: PowerPoint leaves it out now and then.
type zlibBody struct {
	src  io.Reader
	want int64 // declared size, -1 if none
	z    io.ReadCloser
	got  int64 // inflated bytes
	err  error
}

func (b *zlibBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.z == nil {
		if b.err = b.open(); b.err != nil {
			return 0, b.err
		}
	}
	n, err := b.z.Read(p)
	b.got += int64(n)
	switch {
	case err == io.ErrUnexpectedEOF && b.got == b.want:
		err = io.EOF // PowerPoint does not always end the stream
	case err != nil && err != io.EOF:
		err = bodyError(err)
	}
	b.err = err
	return n, err
}

// open reads the head (RFC 1950 section 2.2).
func (b *zlibBody) open() error {
	in := bufio.NewReader(&source{b.src})
	var h [2]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return bodyError(err)
	}
	if h[0]&0xF != 8 || h[1]&0x20 != 0 {
		return fmt.Errorf("zlib: %w", ErrMalformed)
	}
	b.z = flate.NewReader(in)
	return nil
}
