package rar

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Block types of RAR 1.5 to 4, technote.txt of RAR 4.
const (
	rar4Main    = 0x73
	rar4File    = 0x74
	rar4Service = 0x7a
	rar4End     = 0x7b
	rar4First   = 0x72 // the signature seen as a block
)

// Flags of RAR 1.5 to 4.
const (
	rar4HasData = 0x8000 // any block: a size of data follows the header's fields

	rar4MainComment   = 0x0002 // a comment inside of the main header
	rar4MainSolid     = 0x0008
	rar4MainEncrypted = 0x0080 // all headers behind this one are encrypted

	rar4SplitBefore = 0x0001
	rar4SplitAfter  = 0x0002
	rar4Encrypted   = 0x0004
	rar4Comment     = 0x0008 // a comment inside of the file header
	rar4Solid       = 0x0010
	rar4WindowMask  = 0x00e0
	rar4Large       = 0x0100 // upper halves of both sizes
	rar4Unicode     = 0x0200
	rar4Salt        = 0x0400
)

// rar4MinHeader and rar4FileHeader are the bytes of a block's and of a file's
// header before its name.
const (
	rar4MinHeader  = 7
	rar4FileHeader = 32
)

// rar4 reads the blocks of RAR 1.5 to 4.
type rar4 struct {
	w         *walker
	encrypted bool
	solid     bool     // what the main header says, for RAR 1.5's files
	last      []string // names of the last file: streams hang on them
}

// isRar4Start says whether b begins with the signature and a main header, whose
// checksum is right.
func isRar4Start(b []byte) bool {
	if !bytes.HasPrefix(b, sigRar4) || len(b) < 7+13 {
		return false
	}
	h := b[7:]
	n := int(binary.LittleEndian.Uint16(h[5:]))
	if h[2] != rar4Main || n < 13 {
		return false
	}
	if binary.LittleEndian.Uint16(h[3:])&rar4MainComment != 0 {
		n = 13
	}
	return len(h) >= n && binary.LittleEndian.Uint16(h) == uint16(crc32.ChecksumIEEE(h[2:n]))
}

func (d *rar4) block(off int64) (*block, error) {
	raw, data, err := d.header(off)
	if err != nil {
		return nil, err
	}
	c := input.Cursor{Rest: raw}
	sum, kind, flags := c.U16(), c.U8(), c.U16()
	c.U16()
	b := &block{next: data}
	if flags&rar4HasData != 0 || kind == rar4File || kind == rar4Service {
		at := input.Cursor{Rest: c.Rest}
		b.next = d.w.behind(data, int64(at.U32()))
	}
	switch kind {
	case rar4Main:
		d.encrypted = flags&rar4MainEncrypted != 0
		d.solid = flags&rar4MainSolid != 0
		b.bad = sum != uint16(crc32.ChecksumIEEE(raw[2:min(len(raw), 13)])) && !checks4(sum, raw)
	case rar4File, rar4Service:
		e, covered := d.file(raw, data, flags, kind)
		if e == nil {
			return nil, errDamaged
		}
		b.entry, b.next = e, d.w.behind(data, e.packed)
		b.bad = !checks4(sum, raw[:covered])
		if kind == rar4Service {
			e.parent = d.last
			b.entry = e.service()
		} else {
			d.last = e.member.Names
		}
	case rar4End:
		b.end = true
		b.bad = !checks4(sum, raw)
	default:
		if kind < rar4First || kind > rar4End {
			return nil, errDamaged
		}
	}
	return b, nil
}

func checks4(sum uint16, raw []byte) bool {
	return sum == uint16(crc32.ChecksumIEEE(raw[2:]))
}

// header reads the header at off, decrypted if need be, and returns the offset
// of what follows it.
func (d *rar4) header(off int64) (raw []byte, data int64, err error) {
	if d.encrypted {
		return d.encryptedHeader(off)
	}
	raw, err = d.w.header(off, rar4MinHeader)
	if err != nil {
		return nil, 0, err
	}
	if len(raw) < rar4MinHeader {
		return nil, 0, errDamaged
	}
	n := int(binary.LittleEndian.Uint16(raw[5:]))
	if n < rar4MinHeader {
		return nil, 0, errDamaged
	}
	raw, err = d.w.header(off, n)
	if err == nil && len(raw) < n {
		err = errDamaged
	}
	return raw, off + int64(n), err
}

// encryptedHeader reads a header that stands behind its salt, padded to blocks of
// AES.
func (d *rar4) encryptedHeader(off int64) (raw []byte, data int64, err error) {
	buf, err := saferead.UpTo(d.w.src, off, 8+65536+16, d.w.size, 8+65536+16)
	if err != nil {
		return nil, 0, err
	}
	if len(buf) < 8+16 {
		return nil, 0, errDamaged
	}
	raw, err = d.w.keys.header4(buf[:8], buf[8:])
	if err != nil {
		return nil, 0, err
	}
	return raw, off + 8 + int64(len(raw)+15)/16*16, nil
}

// file reads a file's or a service's header. covered is the part of raw that the
// checksum is over. It returns nil for a header that is too short.
func (d *rar4) file(raw []byte, data int64, flags uint16, kind byte) (e *entry, covered int) {
	c := input.Cursor{Rest: raw[rar4MinHeader:]}
	packed, unpacked := int64(c.U32()), int64(c.U32())
	c.U8() // host system
	crc := c.U32()
	c.U32() // time
	version, method := c.U8(), c.U8()
	nameLen := int(c.U16())
	attributes := c.U32()
	if flags&rar4Large != 0 {
		packed |= int64(c.U32()) << 32
		unpacked |= int64(c.U32()) << 32
	}
	// QUIRK: all ones in the lower half alone also mean that the size is not
	// known; unrar reads it so.
	if unpacked == -1 || uint32(unpacked) == 0xffffffff && flags&rar4Large == 0 {
		unpacked = -1
	}
	if c.Short || packed < 0 {
		return nil, 0
	}
	name := c.Bytes(nameLen)
	if c.Short && len(name) == 0 {
		return nil, 0
	}
	e = &entry{
		data: data, packed: packed, declared: max(unpacked, -1), crc: crc, hasCRC: true,
		version: int(version), stored: method == 0x30, solid: flags&rar4Solid != 0,
		before: flags&rar4SplitBefore != 0, after: flags&rar4SplitAfter != 0,
	}
	if rar1Version(e.version) {
		e.solid = d.solid // the first file has none to go on from
	}
	if window := flags & rar4WindowMask; window == rar4WindowMask {
		e.member.Dir = true
		e.window = 64 << 10
	} else {
		e.window = 64 << 10 << (window >> 5)
	}
	e.member.Dir = e.member.Dir || attributes&0x10 != 0 && raw[15] <= 2 // DOS and Windows
	d.names(&e.member, name, flags&rar4Unicode != 0)
	if kind == rar4Service {
		rest := len(c.Rest)
		if flags&rar4Salt != 0 {
			rest -= 8
		}
		e.sub = streamName(c.Bytes(max(0, rest)))
	}
	if flags&rar4Encrypted != 0 {
		e.member.Encrypted = true
		e.crypt = &crypt{generation: 3, old: version < 29}
		if flags&rar4Salt != 0 {
			e.crypt.salt = bytes.Clone(c.Bytes(8))
		}
	}
	covered = len(raw)
	if flags&rar4Comment != 0 && kind == rar4File {
		covered -= len(c.Rest)
	}
	return e, covered
}

// names adds the readings of a name: the Unicode one behind the NUL, and what
// unpackers without Unicode see.
func (d *rar4) names(m *level.Member, raw []byte, unicode bool) {
	plain := raw
	if i := bytes.IndexByte(raw, 0); unicode && i >= 0 {
		plain = raw[:i]
		level.AddName(m, rar4UnicodeName(plain, raw[i+1:]), d.w.limits.NameBytes)
	}
	for _, name := range level.DecodeNames(plain, level.CP437) {
		if len(plain) > 0 {
			level.AddName(m, name, d.w.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
}

// rar4UnicodeName decodes a name that is stored as the difference from its
// 8-bit form: two bits for each character say where it comes from.
func rar4UnicodeName(plain, enc []byte) string {
	c := input.Cursor{Rest: enc}
	high := uint16(c.U8()) << 8
	var out []uint16
	var flags byte
	for bits := 0; len(c.Rest) > 0 && len(out) < 2048; bits -= 2 {
		if bits == 0 {
			flags, bits = c.U8(), 8
		}
		switch flags >> 6 {
		case 0:
			out = append(out, uint16(c.U8()))
		case 1:
			out = append(out, uint16(c.U8())|high)
		case 2:
			out = append(out, c.U16())
		case 3:
			out = rar4NameRun(out, plain, &c, high)
		}
		flags <<= 2
	}
	return strings.TrimRight(string(utf16.Decode(out)), "\x00")
}

// rar4NameRun copies a run of characters from the 8-bit name.
func rar4NameRun(out []uint16, plain []byte, c *input.Cursor, high uint16) []uint16 {
	n := c.U8()
	var add byte
	if n&0x80 != 0 {
		add = c.U8()
	} else {
		high = 0
	}
	for range int(n&0x7f) + 2 {
		if len(out) >= len(plain) {
			break
		}
		out = append(out, uint16(plain[len(out)]+add)|high)
	}
	return out
}

func (d *rar4) plausible(p []byte) (bool, int) {
	if d.encrypted || len(p) < rar4FileHeader || p[2] != rar4File {
		return false, 0
	}
	n := int(binary.LittleEndian.Uint16(p[5:]))
	version, method := p[24], p[25]
	if n < rar4FileHeader || n > 4096 || n > len(p) || version < 13 || version > 36 || method < 0x30 || method > 0x35 {
		return false, 0
	}
	if binary.LittleEndian.Uint16(p[3:])&rar4Comment != 0 {
		n = min(n, rar4FileHeader+int(binary.LittleEndian.Uint16(p[26:])))
	}
	return checks4(binary.LittleEndian.Uint16(p), p[:n]), n
}

// rar13 reads the blocks of RAR 1.3 and 1.4, whose headers have no checksum.
type rar13 struct {
	w     *walker
	solid bool
}

func (d *rar13) plausible([]byte) (bool, int) { return false, 0 }

func (d *rar13) block(off int64) (*block, error) {
	if off == 0 {
		raw, err := d.w.header(0, 7)
		if err != nil {
			return nil, err
		}
		c := input.Cursor{Rest: raw}
		c.U32()
		n := int64(c.U16())
		d.solid = c.U8()&rar4MainSolid != 0
		if c.Short || n < 7 {
			return nil, errDamaged
		}
		return &block{next: d.w.behind(0, n)}, nil
	}
	const fixed = 21
	raw, err := d.w.header(off, fixed+255)
	if err != nil {
		return nil, err
	}
	c := input.Cursor{Rest: raw}
	packed, unpacked := int64(c.U32()), int64(c.U32())
	sum, n := c.U16(), int64(c.U16())
	c.U32() // time
	attributes, flags := c.U8(), c.U8()
	c.U8() // version
	nameLen, method := int(c.U8()), c.U8()
	name := c.Bytes(nameLen)
	if c.Short || n < fixed {
		return nil, errDamaged
	}
	data := d.w.behind(off, n)
	e := &entry{
		data: data, packed: packed, declared: unpacked, version: 13, stored: method == 0, solid: d.solid,
		sum13: true, crc: uint32(sum), hasCRC: true, before: flags&rar4SplitBefore != 0, after: flags&rar4SplitAfter != 0,
	}
	e.member.Dir = attributes&0x10 != 0
	if flags&rar4Encrypted != 0 {
		e.member.Encrypted = true
		e.crypt = &crypt{generation: 3, old: true}
	}
	(&rar4{w: d.w}).names(&e.member, name, false)
	return &block{entry: e, next: d.w.behind(data, packed)}, nil
}
