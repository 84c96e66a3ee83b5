package zip

import "encoding/binary"

// account is what one header, local or central, says about a member.
type account struct {
	central bool
	version uint16 // needed to extract; local only
	flags   uint16
	method  uint16
	crc     uint32
	csize   int64   // compressed size in bytes; -1 if not known yet
	usize   int64   // uncompressed size in bytes; -1 if not known yet
	other   []int64 // sizes that an unneeded zip64 field gives
	aes     int     // the method under AES, -1 if there is no such field
	ae2     bool    // the AES field says that the CRC is not stored
	aesKey  byte    // the AES field's strength, 1 to 3
	time    uint16  // of the last change, as MS-DOS writes it
	raw     []byte  // the name's bytes
	rest    []byte  // the extra fields' bytes
	unicode string  // the Info-ZIP Unicode path, if there is one
	attrs   uint32  // external attributes; central only
	disk    uint32  // where the local header is; central only
	offset  int64   // of the local header, as written; central only
	data    int64   // offset of the body; local only
	next    int64   // offset behind this header
	broken  bool    // the header's signature is wrong; local only
	weak    bool    // filed here under another idea of what offsets count from than the one that hits; central only
}

// trueMethod is the method that lies under AES, if that is said.
func (a *account) trueMethod() uint16 {
	if a.method == methodAES && a.aes >= 0 {
		return uint16(a.aes)
	}
	return a.method
}

func (a *account) encrypted() bool {
	return a.flags&(flagEncrypted|flagStrong) != 0 || a.method == methodAES
}

var le = binary.LittleEndian

// extra reads the extra fields that matter here (APPNOTE.TXT section 4.5,
// Info-ZIP extrafld.txt). A broken field ends it without complaint: what it could
// have said is then missing, and sizes are never trusted anyway.
func (a *account) extra(b []byte) {
	for len(b) >= 4 {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if n > len(b)-4 {
			return
		}
		field := b[4 : 4+n]
		b = b[4+n:]
		switch id {
		case 0x0001:
			a.zip64(field)
		case 0x7075: // version 1, CRC of the name, UTF-8 name
			if n > 5 && field[0] == 1 {
				a.unicode = string(field[5:])
			}
		case 0x9901: // version, vendor, strength, method
			if n >= 7 {
				a.ae2, a.aesKey, a.aes = le.Uint16(field) == 2, field[4], int(le.Uint16(field[5:]))
			}
		}
	}
}

// zip64 reads the 64-bit fields. Each is there only if its 32-bit field is all
// ones; where they are there without need, some readers take them all the same.
func (a *account) zip64(b []byte) {
	take := func(v *int64) {
		if len(b) < 8 {
			return
		}
		wide := int64(le.Uint64(b) &^ (1 << 63))
		switch {
		case *v == 0xffffffff:
			*v = wide
		case wide != *v && wide != 0:
			a.other = append(a.other, wide)
		}
		b = b[8:]
	}
	needed := a.usize == 0xffffffff || a.csize == 0xffffffff
	if a.usize == 0xffffffff || !needed {
		take(&a.usize)
	}
	if a.csize == 0xffffffff || !needed {
		take(&a.csize)
	}
	if a.central && a.offset == 0xffffffff {
		other := a.other
		take(&a.offset)
		a.other = other
	}
}
