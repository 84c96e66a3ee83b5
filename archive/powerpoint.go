package archive

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// pptObject is the type of the record that holds an embedded object, or the project of
// macros ([MS-PPT] section 2.13.24).
const pptObject = 0x1011

// pptRecordHead is the length of a record's head, in bytes.
const pptRecordHead = 8

// powerPoint yields PowerPoint's stream, and after it each object in it: those are
// compound files of their own, mostly compressed.
func (o *oleFile) powerPoint(s *oleStream) error {
	user, err := o.pptUser(s)
	if err != nil {
		return err
	}
	if user.token == pptCryptToken {
		return o.pptEncrypted(s, user)
	}
	o.yield(s.member, s.section())
	heads := newSearch(s, s.size, "\x11\x10")
	o.then(o.pptObjects(s, heads, 2, 1))
	return nil
}

// pptObjects looks for the next object's record, whose type is at or behind from.
// The records before it are not followed: PowerPoint finds its records by lists of
// offsets, and whatever stands between them does not matter to it.
func (o *oleFile) pptObjects(s *oleStream, types *search, from int64, number int) step {
	return func() error {
		for {
			at, err := types.next(from)
			if at < 0 || err != nil {
				return err
			}
			from = at + 2
			f := newFields(s, s.size)
			f.off = at - 2
			head := f.u16()
			f.skip(2)
			n := int64(f.u32())
			if f.err != nil {
				return f.err
			}
			body := f.rest(n)
			begin := make([]byte, 8)
			got, err := body.ReadAt(begin, 0)
			if err != nil && err != io.EOF {
				return err
			}
			if isPPTObject(head, begin[:got]) {
				o.pptObject(s, body, body.Size(), head>>4 == 1, number)
				o.then(o.pptObjects(s, types, from, number+1))
				return nil
			}
		}
	}
}

// isPPTObject says whether a record's bytes are what its head says: a compound file,
// or a length and a zlib stream (RFC 1950 section 2.2).
func isPPTObject(head uint16, begin []byte) bool {
	switch head {
	case 0:
		return string(begin) == cfbMagic
	case 0x10:
		return len(begin) == 8 && begin[4]&0xF == 8 && (int(begin[4])<<8|int(begin[5]))%31 == 0
	}
	return false
}

// pptObject yields one object ([MS-PPT] section 2.10.34) of n bytes.
func (o *oleFile) pptObject(s *oleStream, body io.Reader, n int64, compressed bool, number int) {
	m := &Member{Method: "stored", Size: n, Password: s.member.Password}
	m.addName(fmt.Sprintf("%s/object%d.bin", s.member.Names[0], number), o.limits.NameBytes)
	if !compressed {
		o.yield(m, body)
		return
	}
	var size [4]byte
	if _, err := io.ReadFull(body, size[:]); err != nil {
		m.Err = bodyError(err)
		o.yield(m, nil)
		return
	}
	m.Size, m.Method = int64(binary.LittleEndian.Uint32(size[:])), "deflate"
	o.yield(m, &zlibBody{want: m.Size, src: body})
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
