package filetype

import (
	"bytes"
	"encoding/binary"

	"github.com/h2non/filetype/matchers"
)

// The formats here have a signature that is short, or none: more of their fields must make sense.

// appleFile recognises AppleSingle and AppleDouble (RFC 1740), and MacBinary by its fixed zeros, a name without
// control characters and the types of program and file behind it.
func appleFile(b []byte) bool {
	if has(b, 0, "\x00\x05\x16\x00") || has(b, 0, "\x00\x05\x16\x07") {
		return true
	}
	if len(b) < 128 || b[1] == 0 || b[1] > 63 || b[74] != 0 || b[82] != 0 || b[83]&0xF0 != 0 || b[87]&0xF0 != 0 {
		return false
	}
	for _, c := range append(b[2:2+b[1]:2+b[1]], b[65:73]...) {
		if c < ' ' {
			return false
		}
	}
	return b[122] >= 128 || len(bytes.Trim(b[99:128], "\x00")) == 0
}

// isoMedia recognises the ISO base media family by its first box.
func isoMedia(b []byte) kind {
	switch {
	case has(b, 4, "ftyphei"), has(b, 4, "ftypmif1"), has(b, 4, "ftypmsf1"), has(b, 4, "ftypavif"):
		return kHEIF
	case has(b, 4, "ftyp"), has(b, 4, "moov"), has(b, 4, "mdat"):
		return kMP4
	}
	return none
}

func octalOrHex(b []byte) bool {
	for _, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return len(b) > 0
}

// pkcs7 recognises DER ContentInfo (RFC 5652 section 3). A signature is detached when its encapsulated content is
// an identifier and nothing else.
func pkcs7(b []byte) kind {
	const (
		pkcs  = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"
		smime = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01"
	)
	at := 2
	if b[1]&0x80 != 0 {
		at += int(b[1] & 0x7F)
	}
	if has(b, at, smime+"\x09") || has(b, at, smime+"\x17") { // compressed, authenticated and enveloped
		return kP7M
	}
	if !has(b, at, pkcs) || len(b) <= at+len(pkcs) {
		return none
	}
	if b[at+len(pkcs)] == 2 && bytes.Contains(b, []byte("\x30\x0B"+pkcs+"\x01")) {
		return kP7S
	}
	return kP7M
}

// sis knows packages of Symbian by their identifiers: the second and third of the older ones, whose first is the
// application's, and the first of the newer ones, before a field of contents.
func sis(b []byte) bool {
	return has(b, 8, "\x19\x04\x00\x10") && (has(b, 4, "\x12\x3A\x00\x10") || has(b, 4, "\x6D\x00\x00\x10")) ||
		has(b, 0, "\x7A\x1A\x20\x10") && has(b, 16, "\x0C\x00\x00\x00")
}

// skippable tells the two formats that may begin with a skippable frame by the frame that follows the first one.
func (v *view) skippable() kind {
	if len(v.head) < 8 {
		return kZstd
	}
	next := 8 + int64(binary.LittleEndian.Uint32(v.head[4:]))
	if v.at(next, "\x04\x22\x4D\x18") {
		return kLz4
	}
	return kZstd
}

// machOrClass parts the two formats that share CAFEBABE: a fat binary counts its few architectures where a class
// has its version, 45 at least.
func machOrClass(b []byte) kind {
	if has(b, 0, "\xCA\xFE\xBA\xBE") || has(b, 0, "\xCA\xFE\xBA\xBF") {
		if len(b) < 8 {
			return none
		}
		if binary.BigEndian.Uint32(b[4:]) < 43 {
			return kMachO
		}
		return kClass
	}
	if matchers.MachO(b) {
		return kMachO
	}
	return none
}

// arj checks the main header: sizes in range and a comment-free field that is fixed.
func arj(b []byte) bool {
	if len(b) < 34 || b[1] != 0xEA {
		return false
	}
	size := binary.LittleEndian.Uint16(b[2:])
	return size >= 30 && size <= 2600 && b[4] >= 30 && uint16(b[4]) <= size
}

// lzma has no magic: properties, a dictionary of a power of two or one and a half, and a size that is unknown or sane.
func lzma(b []byte) bool {
	if len(b) < 14 || b[0] >= 225 {
		return false
	}
	dict := binary.LittleEndian.Uint32(b[1:])
	size := binary.LittleEndian.Uint64(b[5:])
	top := dict & (dict - 1)
	return dict >= 4096 && (top == 0 || top&(top-1) == 0 || dict == 0xFFFFFFFF) && (size == 1<<64-1 || size < 1<<40) && b[13] == 0
}

func lzh(b []byte) bool {
	return len(b) > 21 && b[2] == '-' && b[3] == 'l' && (b[4] == 'h' || b[4] == 'z') && b[6] == '-' && b[20] <= 3 &&
		(b[5] >= '0' && b[5] <= '9' || b[5] == 'd' || b[5] == 's' || b[5] == 'x')
}

// oldTar accepts a header without "ustar" if its checksum is right.
func oldTar(b []byte) bool {
	if len(b) < 512 || b[0] == 0 || b[0] < ' ' {
		return false
	}
	want, digits := 0, 0
	for _, c := range b[148:156] {
		switch {
		case c >= '0' && c <= '7':
			want = want<<3 | int(c-'0')
			digits++
		case c != ' ' && c != 0:
			return false
		}
	}
	if digits < 3 {
		return false
	}
	sum := 8 * int(' ')
	for i, c := range b[:512] {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	return sum == want
}

// pdf looks for the header in the first KiB, where readers accept it, with an object behind it: prose tells of the
// header, too.
//
// QUIRK: PDF 32000-1 section 7.5.2 wants it at the first byte, Annex H.3 note 13 says what readers do.
func pdf(b []byte) kind {
	header := []byte("%PDF-")
	at := bytes.Index(b[:min(len(b), 1024+len(header))], header)
	if at >= 0 && bytes.Contains(b[at:], []byte(" obj")) {
		return kPDF
	}
	return none
}
