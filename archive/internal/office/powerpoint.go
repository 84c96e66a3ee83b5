package office

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
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
	o.Yield(s.member, s.section())
	heads := input.NewSearch(s, s.Size, "\x11\x10")
	o.Then(o.pptObjects(s, heads, 2, 1))
	return nil
}

// pptObjects looks for the next object's record, whose type is at or behind from.
// The records before it are not followed: PowerPoint finds its records by lists of
// offsets, and whatever stands between them does not matter to it.
func (o *oleFile) pptObjects(s *oleStream, types *input.Search, from int64, number int) level.Step {
	return func() error {
		for {
			at, err := types.Next(from)
			if at < 0 || err != nil {
				return err
			}
			from = at + 2
			f := input.NewFields(s, s.Size)
			f.Off = at - 2
			head := f.U16()
			f.Skip(2)
			n := int64(f.U32())
			if f.Err != nil {
				return f.Err
			}
			body := f.Rest(n)
			begin := make([]byte, 8)
			got, err := body.ReadAt(begin, 0)
			if err != nil && err != io.EOF {
				return err
			}
			if isPPTObject(head, begin[:got]) {
				o.pptObject(s, body, body.Size(), head>>4 == 1, number)
				o.Then(o.pptObjects(s, types, from, number+1))
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
		return string(begin) == cfb.CfbMagic
	case 0x10:
		return len(begin) == 8 && begin[4]&0xF == 8 && (int(begin[4])<<8|int(begin[5]))%31 == 0
	}
	return false
}

// pptObject yields one object ([MS-PPT] section 2.10.34) of n bytes.
func (o *oleFile) pptObject(s *oleStream, body io.Reader, n int64, compressed bool, number int) {
	m := &level.Member{Method: "stored", Size: n, Password: s.member.Password}
	level.AddName(m, fmt.Sprintf("%s/object%d.bin", s.member.Names[0], number), o.limits.NameBytes)
	if !compressed {
		o.Yield(m, body)
		return
	}
	var size [4]byte
	if _, err := io.ReadFull(body, size[:]); err != nil {
		m.Err = level.BodyError(err)
		o.Yield(m, nil)
		return
	}
	m.Size, m.Method = int64(binary.LittleEndian.Uint32(size[:])), "deflate"
	o.Yield(m, &input.Zlib{Want: m.Size, Src: body})
}
