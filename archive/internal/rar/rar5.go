package rar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Block types, flags and records of RAR 5, technote.txt of RAR 5.
const (
	rar5Main    = 1
	rar5File    = 2
	rar5Service = 3
	rar5Crypt   = 4
	rar5End     = 5

	rar5HasExtra    = 0x01
	rar5HasData     = 0x02
	rar5SplitBefore = 0x08
	rar5SplitAfter  = 0x10

	rar5Dir         = 0x01
	rar5HasTime     = 0x02
	rar5HasCRC      = 0x04
	rar5UnknownSize = 0x08

	rar5RecordCrypt = 1
	rar5RecordLink  = 5 // a symbolic or hard link, or a copy of another file
	rar5RecordSub   = 7 // a service's own data: the name of a stream
)

// rar5MaxHeader bounds one header, in bytes, as the format itself does.
const rar5MaxHeader = 2 << 20

// rar5 reads the blocks of RAR 5 to 7.
type rar5 struct {
	w     *walker
	crypt *crypt   // of the headers; nil if they are plain
	last  []string // names of the last file: streams hang on them
}

// isRar5Start says whether b begins with the signature and a main or encryption
// header, whose checksum is right.
func isRar5Start(b []byte) bool {
	if !bytes.HasPrefix(b, sigRar5) {
		return false
	}
	n, size := rar5Header(b[8:])
	if n == 0 || len(b)-8 < n+size || size > 4096 {
		return false
	}
	h := b[8 : 8+n+size]
	kind := h[n]
	return (kind == rar5Main || kind == rar5Crypt) && binary.LittleEndian.Uint32(h) == crc32.ChecksumIEEE(h[4:])
}

// rar5Header returns how long the checksum and the size of a header are, and the
// size itself; zero if there is none.
func rar5Header(b []byte) (n, size int) {
	if len(b) < 6 {
		return 0, 0
	}
	c := input.Cursor{Rest: b[4:min(len(b), 7)]}
	v := c.Uvarint()
	if c.Short || v < 2 || v > rar5MaxHeader {
		return 0, 0
	}
	return min(len(b), 7) - len(c.Rest), int(v)
}

// header reads the header at off, decrypted if need be: raw begins with the
// checksum, and its first skip bytes are not fields.
func (d *rar5) header(off int64) (raw []byte, skip int, data int64, err error) {
	if d.crypt != nil {
		return d.encryptedHeader(off)
	}
	raw, err = d.w.header(off, 7)
	if err != nil {
		return nil, 0, 0, err
	}
	n, size := rar5Header(raw)
	if n == 0 {
		return nil, 0, 0, errDamaged
	}
	raw, err = d.w.header(off, n+size)
	if err == nil && len(raw) < n+size {
		err = errDamaged
	}
	return raw, n, off + int64(n+size), err
}

func (d *rar5) encryptedHeader(off int64) (raw []byte, skip int, data int64, err error) {
	const most = 16 + 7 + rar5MaxHeader + 16
	first, err := d.w.header(off, 32)
	if err != nil {
		return nil, 0, 0, err
	}
	if len(first) < 32 {
		return nil, 0, 0, errDamaged
	}
	plain := d.w.keys.cbc(d.crypt.key, first[:16], first[16:])
	n, size := rar5Header(plain)
	if n == 0 {
		return nil, 0, 0, errDamaged
	}
	full := (n + size + 15) / 16 * 16
	buf, err := saferead.UpTo(d.w.src, off+16, int64(full), d.w.size, most)
	if err != nil {
		return nil, 0, 0, err
	}
	if len(buf) < full {
		return nil, 0, 0, errDamaged
	}
	return d.w.keys.cbc(d.crypt.key, first[:16], buf)[:n+size], n, off + 16 + int64(full), nil
}

func (d *rar5) block(off int64) (*block, error) {
	raw, skip, data, err := d.header(off)
	if err != nil {
		return nil, err
	}
	c := input.Cursor{Rest: raw[skip:]}
	kind, flags := c.Uvarint(), c.Uvarint()
	var extra, packed uint64
	if flags&rar5HasExtra != 0 {
		extra = c.Uvarint()
	}
	if flags&rar5HasData != 0 {
		packed = c.Uvarint()
	}
	if kind < rar5Main || kind > 63 || c.Short {
		return nil, errDamaged
	}
	b := &block{next: d.w.behind(data, int64(packed))}
	b.bad = binary.LittleEndian.Uint32(raw) != crc32.ChecksumIEEE(raw[4:])
	switch kind {
	case rar5File, rar5Service:
		b.entry = d.file(&c, extra, flags)
		if b.entry == nil {
			return nil, errDamaged
		}
		b.entry.data, b.entry.packed = data, b.next-data
		b.entry.cut = packed > uint64(d.w.size-data)
		if kind == rar5Service {
			b.entry.parent = d.last
			b.entry = b.entry.service()
		} else {
			d.last = b.entry.member.Names
		}
	case rar5Crypt:
		if b.bad {
			return nil, errDamaged
		}
		return b, d.unlock(&c, b.next)
	case rar5End:
		b.end = true
	}
	return b, nil
}

// unlock derives the key of the headers that follow.
func (d *rar5) unlock(c *input.Cursor, next int64) error {
	version, flags := c.Uvarint(), c.Uvarint()
	crypt := &crypt{generation: 5, count: int(c.U8()), salt: bytes.Clone(c.Bytes(16))}
	if flags&1 != 0 {
		crypt.check = bytes.Clone(c.Bytes(12))
	}
	if version != 0 || c.Short {
		return fmt.Errorf("headers: version %d of encryption: %w", version, level.ErrUnsupported)
	}
	d.crypt = crypt
	if !d.w.keys.derive5(crypt, func() bool { return d.opens(next) }) {
		return fmt.Errorf("headers: %w", level.ErrEncrypted)
	}
	return nil
}

// opens says whether the present key decrypts the header at off.
func (d *rar5) opens(off int64) bool {
	raw, _, _, err := d.encryptedHeader(off)
	return err == nil && binary.LittleEndian.Uint32(raw) == crc32.ChecksumIEEE(raw[4:])
}

// file reads the fields of a file's or a service's header. It returns nil for a
// header that is too short.
func (d *rar5) file(c *input.Cursor, extra, flags uint64) *entry {
	e := &entry{before: flags&rar5SplitBefore != 0, after: flags&rar5SplitAfter != 0}
	fileFlags := c.Uvarint()
	e.declared = int64(c.Uvarint())
	c.Uvarint() // attributes
	if fileFlags&rar5UnknownSize != 0 || e.declared < 0 {
		e.declared = -1
	}
	if fileFlags&rar5HasTime != 0 {
		c.U32()
	}
	if fileFlags&rar5HasCRC != 0 {
		e.crc, e.hasCRC = c.U32(), true
	}
	compression := c.Uvarint()
	c.Uvarint() // host system
	name := c.Bytes(int(min(c.Uvarint(), rar5MaxHeader)))
	if c.Short {
		return nil
	}
	e.member.Dir = fileFlags&rar5Dir != 0
	e.compression(compression)
	for _, n := range level.DecodeNames(name, level.CP437) {
		if len(name) > 0 {
			level.AddName(&e.member, n, d.w.limits.NameBytes)
		}
	}
	if len(e.member.Names) == 0 {
		level.Note(&e.member, anomaly.NameEmpty)
	}
	if extra > 0 {
		d.records(e, c)
	}
	return e
}

// compression reads a file's compression field: 6 bits of version, solid,
// 3 bits of method, 5 bits and 5 of a fraction for the dictionary.
func (e *entry) compression(v uint64) {
	e.solid = v&0x40 != 0
	e.stored = v>>7&7 == 0
	e.window = 128 << 10 << (v >> 10 & 0x1f)
	switch v & 0x3f {
	case 0:
		e.version = 50
		e.window = 128 << 10 << (v >> 10 & 0x0f)
	case 1:
		e.window += e.window / 32 * int64(v>>15&0x1f)
		e.version = 70
		if v&0x100000 != 0 {
			e.version = 50
		}
	default:
		e.version = 100 + int(v&0x3f)
	}
}

// records reads the extra records that matter.
func (d *rar5) records(e *entry, c *input.Cursor) {
	for len(c.Rest) > 0 {
		n := c.Uvarint()
		if c.Short || n > uint64(len(c.Rest)) {
			return
		}
		r := input.Cursor{Rest: c.Bytes(int(n))}
		switch r.Uvarint() {
		case rar5RecordCrypt:
			version, flags := r.Uvarint(), r.Uvarint()
			e.member.Encrypted = true
			e.crypt = &crypt{generation: 5, old: version != 0, count: int(r.U8()), salt: bytes.Clone(r.Bytes(16)), iv: bytes.Clone(r.Bytes(16))}
			if flags&1 != 0 {
				e.crypt.check = bytes.Clone(r.Bytes(12))
			}
			e.crypt.mac = flags&2 != 0
			e.crypt.old = e.crypt.old || r.Short
		case rar5RecordLink:
			e.link = true
		case rar5RecordSub:
			e.sub = string(r.Rest)
		}
	}
}

func (d *rar5) plausible(p []byte) (bool, int) {
	if d.crypt != nil {
		return false, 0
	}
	n, size := rar5Header(p)
	if n == 0 || size < 8 || size > 4096 || len(p) < n+size {
		return false, 0
	}
	if kind, flags := p[n], p[n+1]; kind != rar5File && kind != rar5Service || flags > 0x7f || flags&rar5HasData == 0 {
		return false, 0
	}
	return binary.LittleEndian.Uint32(p) == crc32.ChecksumIEEE(p[4:n+size]), n + size
}
