package zip

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// plausibleLocal says whether b, with room bytes left in the file, begins with a
// local header that stands for itself. In a program's code the signature alone is
// no rarity; headers where a reader arrives by following records need not pass.
func plausibleLocal(b []byte, room int64) bool {
	return plausibleHead(b, room) && plausibleName(b[localBytes:min(len(b), localBytes+int(le.Uint16(b[26:])))])
}

// plausibleHead is plausibleLocal for all but the name.
func plausibleHead(b []byte, room int64) bool {
	if len(b) < localBytes || !bytes.HasPrefix(b, sigLocal) {
		return false
	}
	version, method := le.Uint16(b[4:])&0xff, le.Uint16(b[8:])
	name, extra := int64(le.Uint16(b[26:])), int64(le.Uint16(b[28:]))
	if localBytes+name+extra > room {
		return false
	}
	if name == 0 {
		// A signature that a program compares with, and zeros.
		flags := le.Uint16(b[6:])
		hasData := le.Uint32(b[18:]) > 0 || flags&flagDescriptor != 0
		return version >= 10 && version <= 63 && hasData && flags&^flagsInUse == 0 && methods[method].open != nil
	}
	return version <= 100 && method <= 100 || methods[method].open != nil
}

// flagsInUse are the general purpose bits that programs set: encryption, the two of the
// method, a descriptor, strong encryption, UTF-8 and a masked header (APPNOTE.TXT section
// 4.4.4).
const flagsInUse = 0x284f

// nameLook is how much of a name tells whether a header is one, in bytes.
const nameLook = 512

// plausibleName says whether b begins the name of a header that stands for itself: 7-Zip,
// the only one that seeks a header alone, takes none with a NUL amid its letters.
func plausibleName(b []byte) bool {
	return bytes.IndexByte(bytes.TrimRight(b[:min(len(b), nameLook)], "\x00"), 0) < 0
}

// readLocal reads the header at off, whatever its signature. It returns nil if
// the file ends inside it.
func (z *file) readLocal(off int64) (*account, error) {
	h, err := saferead.At(z.src, off, localBytes, z.size, localBytes)
	if err != nil {
		return nil, missing(err)
	}
	name, extra := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if off+localBytes+name+extra > z.size || !z.afford(name+extra) {
		return nil, nil
	}
	rest, err := saferead.At(z.src, off+localBytes, name+extra, z.size, 2<<16)
	if err != nil {
		return nil, missing(err)
	}
	a := &account{
		version: le.Uint16(h[4:]),
		flags:   le.Uint16(h[6:]),
		method:  le.Uint16(h[8:]),
		crc:     le.Uint32(h[14:]),
		csize:   int64(le.Uint32(h[18:])),
		usize:   int64(le.Uint32(h[22:])),
		aes:     -1,
		time:    le.Uint16(h[10:]),
		raw:     rest[:name],
		rest:    rest[name:],
		data:    off + localBytes + name + extra,
		broken:  !bytes.HasPrefix(h, sigLocal),
	}
	a.next = a.data
	a.extra(rest[name:])
	if a.flags&flagDescriptor != 0 {
		// QUIRK: section 4.4.4 wants both sizes to be 0; libarchive fills in the
		// uncompressed one.
		a.csize, a.usize = unknownIfZero(a.csize), unknownIfZero(a.usize)
	}
	return a, nil
}

func unknownIfZero(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}

// afford takes the bytes of a header's variable part from what all headers may
// have: headers that lie in each other's names would cost 64 KiB each.
func (z *file) afford(n int64) bool {
	if z.headers < n {
		z.exceed("bytes of headers")
		return false
	}
	z.headers -= n
	return true
}

// isPlausible is plausibleLocal for the header at off, of which it reads no more than
// it needs.
func (z *file) isPlausible(off int64) (bool, error) {
	h, err := saferead.At(z.src, off, localBytes, z.size, localBytes)
	if err != nil || !plausibleHead(h, z.size-off) {
		return false, missing(err)
	}
	n := min(int64(le.Uint16(h[26:])), nameLook)
	if !z.afford(n) {
		return false, nil
	}
	name, err := saferead.At(z.src, off+localBytes, n, z.size, nameLook)
	return err == nil && plausibleName(name), missing(err)
}

// missing turns "the file ends here" into no error.
func missing(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
