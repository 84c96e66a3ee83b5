package office

import (
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Records of a workbook's stream ([MS-XLS] section 2.3).
const (
	biffEOF       = 0x000A
	biffFilePass  = 0x002F
	biffSheet     = 0x0085
	biffInterface = 0x00E1
	biffRRDHead   = 0x0138
	biffUserExcl  = 0x0194
	biffFileLock  = 0x0195
	biffRRDInfo   = 0x0196
	biffBOF       = 0x0809
)

// biffMacroSheet is the kind of a sheet that holds Excel 4 macros ([MS-XLS]
// section 2.4.28).
const biffMacroSheet = 1

// biffPage is the unit of RC4 encryption in a workbook, in bytes.
const biffPage = 1024

// biffRecords is how many records are looked at in search of an encryption or a
// macro sheet. Both are among the first.
const biffRecords = 1 << 16

// biffCipher decrypts pieces of records in ascending order. off is the piece's
// offset in the stream, n the length of its record.
type biffCipher interface {
	apply(p []byte, off, n int64)
}

// biffRC4 is RC4, for which the record does not matter.
type biffRC4 struct{ rc4Stream }

func (b *biffRC4) apply(p []byte, off, _ int64) { b.rc4Stream.apply(p, off) }

// workbook yields Excel's stream, decrypted if it can be.
func (o *oleFile) workbook(s *oleStream) error {
	pass, err := o.globals(s)
	if err != nil {
		return err
	}
	head, err := s.head(4)
	if err != nil {
		return err
	}
	m := s.member
	if pass == nil {
		o.biffMembers(m, head, func() io.Reader { return s.section() })
		return nil
	}
	m.Encrypted = true
	cipher, password := o.biffKey(pass)
	if cipher == nil {
		o.broken(m, "workbook", level.ErrEncrypted)
		return nil
	}
	m.Password = password
	o.biffMembers(m, head, func() io.Reader { return &biffBody{in: &level.Marked{R: s.section()}, cipher: cipher()} })
	return nil
}

// biffMembers yields a workbook, and what its records hold without their heads: pictures
// and packages in drawings are cut into records of 8 KiB.
func (o *oleFile) biffMembers(m *level.Member, head []byte, open func() io.Reader) {
	joined := *m
	joined.Reading, joined.Size = "joined", -1
	m.Cut = len(head) == 4 && head[0] == biffBOF&0xFF && head[3] == 0
	o.Yield(m, open())
	if m.Cut {
		o.Yield(&joined, newBIFFJoin(open()))
	}
}

// globals looks through a workbook's first part. pass is the record that says how
// it is encrypted.
func (o *oleFile) globals(s *oleStream) (pass []byte, err error) {
	f := input.NewFields(s, s.Size)
	for range biffRecords {
		if f.Left() < 4 {
			break
		}
		id, n := f.U16(), int64(f.U16())
		switch id {
		case biffFilePass:
			pass = f.Some(n, maxEncryptionInfo)
			return pass, f.Err
		case biffSheet:
			sheet := f.Some(n, 8)
			if len(sheet) > 5 && sheet[5] == biffMacroSheet {
				o.Note(anomaly.ExcelMacros)
			}
		default:
			f.Skip(n)
		}
		if id == biffEOF {
			break
		}
	}
	return nil, f.Err
}

// biffKey tries the passwords on a workbook ([MS-XLS] section 2.4.117). The function makes
// what decrypts it from the start.
func (o *oleFile) biffKey(pass []byte) (func() biffCipher, string) {
	switch {
	case len(pass) == 4: // up to Excel 95
		x := &xorKey{key: binary.LittleEndian.Uint16(pass), verifier: binary.LittleEndian.Uint16(pass[2:])}
		if p := o.officeKeys(rc4Cost, x.unlock); p != "" {
			return func() biffCipher { return x }, p
		}
	case len(pass) >= 6 && binary.LittleEndian.Uint16(pass) == 0:
		x := &xorKey{key: binary.LittleEndian.Uint16(pass[2:]), verifier: binary.LittleEndian.Uint16(pass[4:])}
		if p := o.officeKeys(rc4Cost, x.unlock); p != "" {
			return func() biffCipher { return x }, p
		}
	case len(pass) > 6:
		if k := parseRC4(pass[2:]); k != nil {
			if p := o.officeKeys(rc4Cost, k.unlock); p != "" {
				return func() biffCipher { return &biffRC4{rc4Stream{key: k, unit: biffPage}} }, p
			}
		}
	}
	return nil, ""
}

// biffBody decrypts a workbook. The heads of records are plain, and some records
// are as a whole ([MS-XLS] section 2.2.10).
type biffBody struct {
	in     io.Reader
	cipher biffCipher
	off    int64   // in the stream
	head   [4]byte // of the present record
	filled int     // bytes of it
	plain  int64   // bytes of the record that are not encrypted
	n      int64   // bytes of the record
	left   int64   // of them
}

func (b *biffBody) Read(p []byte) (int, error) {
	got, err := b.in.Read(p)
	if err != nil && err != io.EOF {
		err = level.BodyError(err)
	}
	for at := 0; at < got; {
		if b.left == 0 {
			at += b.takeHead(p[at:got])
			continue
		}
		n := min(int64(got-at), b.left)
		piece := p[at : at+int(n)]
		skip := min(n, b.plain)
		b.plain -= skip
		b.cipher.apply(piece[skip:], b.off+skip, b.n)
		b.left -= n
		b.off += n
		at += int(n)
	}
	return got, err
}

// takeHead collects the head of a record.
func (b *biffBody) takeHead(p []byte) int {
	n := copy(b.head[b.filled:], p)
	b.filled += n
	b.off += int64(n)
	if b.filled < len(b.head) {
		return n
	}
	b.filled = 0
	b.n = int64(binary.LittleEndian.Uint16(b.head[2:]))
	b.left, b.plain = b.n, 0
	switch binary.LittleEndian.Uint16(b.head[:]) {
	case biffBOF, biffFilePass, biffInterface, biffRRDHead, biffUserExcl, biffFileLock, biffRRDInfo:
		b.plain = b.n
	case biffSheet:
		b.plain = 4
	}
	return n
}
