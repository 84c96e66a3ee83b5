package filetype

import (
	"bytes"
	"encoding/binary"

	"github.com/h2non/filetype/matchers"

	"github.com/fivefifty/fivefifty/internal/zlib"
)

// byMagic switches on the first byte, then asks the few matchers that can be right. The order within a case is fixed:
// the more particular first.
func (v *view) byMagic() kind {
	b := v.head
	if len(b) < 2 {
		return none
	}
	if k := v.byFirstByte(b); k != none && k != kTTF {
		return k
	} else if rare := byRareMagic(b); rare != none {
		return rare
	} else if k != none {
		return k
	}
	switch {
	case matchers.Tar(b) || oldTar(b):
		return kTar
	case len(b) > 14 && has(b, 7, "**ACE**"):
		return kAce
	case lzh(b):
		return kLzh
	case sis(b):
		return kSIS
	}
	if k := pdf(b); k != none {
		return k
	}
	if zlib.Surely(b) {
		return kZlib
	}
	return none
}

func (v *view) byFirstByte(b []byte) kind {
	if b[0]&0xF0 == 0x50 && has(b, 1, "\x2A\x4D\x18") {
		return v.skippable()
	}
	switch b[0] {
	case 'M':
		return v.byM(b)
	case 'P':
		if matchers.Zip(b) || has(b, 0, "PK00PK\x03\x04") {
			return v.zip()
		}
	case 0x7F:
		// The library wants a whole header; the loader is content with less than a scanner should be.
		if has(b, 0, "\x7FELF") {
			return kELF
		}
	case 0xD0:
		if has(b, 0, cfbMagic) {
			return v.cfb()
		}
	case '%':
		if has(b, 0, "%PDF") {
			return kPDF
		}
		if has(b, 0, "%!PS") {
			return kPostScript
		}
	case '{':
		// Word opens {\rt and lets the f be anything.
		if has(b, 0, "{\\rt") {
			return kRTF
		}
	case 0x89:
		if matchers.Png(b) {
			return kPNG
		}
		if has(b, 0, "\x89LZO\x00\x0D\x0A\x1A\x0A") {
			return kLzop
		}
	case 0xFF:
		return byFF(b)
	case 'G':
		if has(b, 0, "GIF8") {
			return kGIF
		}
	case 'B':
		return byB(b)
	case 'R':
		return byR(b)
	case 'I':
		return byI(b)
	case 0x1F:
		return by1F(b)
	case 0x00:
		return byZero(b)
	case 0x30:
		return by30(b)
	default:
		return v.byRarer(b)
	}
	return none
}

func (v *view) byM(b []byte) kind {
	switch {
	case b[1] == 'Z':
		return v.mz(b)
	case has(b, 0, "MSCF"):
		return kCab
	case has(b, 0, "MSWIM\x00\x00\x00"):
		return kWim
	case has(b, 0, "MThd"):
		return kMIDI
	case has(b, 0, "MM\x00\x2A"), has(b, 0, "MM\x00\x2B"):
		return kTIFF
	}
	return none
}

// mz tells a Windows program from one for DOS, and both from prose that begins with these two letters.
func (v *view) mz(b []byte) kind {
	if len(b) >= 64 {
		at := int64(binary.LittleEndian.Uint32(b[60:]))
		var sig [4]byte
		p := v.block[:4]
		if v.read(p, at) == 4 {
			copy(sig[:], p)
		}
		switch {
		case sig == [4]byte{'P', 'E'}:
			return kPE
		case string(sig[:2]) == "NE", string(sig[:2]) == "LE", string(sig[:2]) == "LX":
			return kDOS
		}
	}
	if printable(b[:min(len(b), 64)]) {
		return none
	}
	return kDOS
}

// printable reports whether b is text beyond doubt: no control characters and no zeros.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
			return false
		}
	}
	return true
}

func byFF(b []byte) kind {
	switch {
	case matchers.Jpeg(b):
		return kJPEG
	case b[1]&0xE6 == 0xE2 && len(b) > 2 && b[2]&0xF0 != 0xF0 && b[2]&0x0C != 0x0C: // layer III, sane bit and sample rates
		return kMP3
	}
	return none
}

func byB(b []byte) kind {
	switch {
	case has(b, 0, "BZh") && len(b) > 9 && b[3] >= '1' && b[3] <= '9' &&
		(has(b, 4, "\x31\x41\x59\x26\x53\x59") || has(b, 4, "\x17\x72\x45\x38\x50\x90")):
		return kBzip2
	case b[1] == 'M' && len(b) >= 26 && !printable(b[2:18]) && b[14] >= 12 && b[15] == 0 && b[16] == 0 && b[17] == 0:
		return kBMP
	}
	return none
}

func byR(b []byte) kind {
	switch {
	case matchers.Rar(b), has(b, 0, "RE~^"):
		return kRar
	case has(b, 0, "RIFF") || has(b, 0, "RIFX"):
		switch {
		case has(b, 8, "WEBP"):
			return kWebP
		case has(b, 8, "WAVE"):
			return kWAV
		case has(b, 8, "AVI "):
			return kAVI
		}
	}
	return none
}

func byI(b []byte) kind {
	switch {
	case has(b, 0, "II\x2A\x00"), has(b, 0, "II\x2B\x00"):
		return kTIFF
	case has(b, 0, "ITSF") && len(b) > 7 && b[5] == 0:
		return kChm
	case has(b, 0, "ISc(") && len(b) > 5 && !printable(b[4:min(len(b), 20)]):
		return kCab
	case has(b, 0, "ID3") && len(b) > 9 && b[3] < 0x10 && b[6]|b[7]|b[8]|b[9] < 0x80:
		return kMP3
	}
	return none
}

func by1F(b []byte) kind {
	switch {
	case has(b, 0, "\x1F\x8B\x08"):
		return kGzip
	case matchers.Z(b):
		return kCompress
	}
	return none
}

func byZero(b []byte) kind {
	switch {
	case has(b, 0, "\x00\x01\x00\x00\x00") && len(b) > 12:
		return kTTF
	case matchers.Wasm(b):
		return kWasm
	case matchers.Ico(b) && len(b) >= 22 && b[4] != 0 && b[9] == 0, has(b, 0, "\x00\x00\x02\x00") && len(b) >= 22 && b[4] != 0 && b[5] == 0 && b[9] == 0:
		return kIco
	case matchers.Jpeg2000(b):
		return kJP2
	case appleFile(b):
		return kAppleFile
	}
	return isoMedia(b)
}

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

func by30(b []byte) kind {
	switch {
	case has(b, 0, "07070"):
		if len(b) > 6 && (b[5] == '1' || b[5] == '2' || b[5] == '7') && octalOrHex(b[6:min(len(b), 24)]) {
			return kCpio
		}
	case has(b, 0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"):
		return kASF
	}
	return pkcs7(b)
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

func (v *view) byRarer(b []byte) kind {
	switch b[0] {
	case 'L':
		if has(b, 0, "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46") {
			return kLnk
		}
		if has(b, 0, "LZIP") && len(b) > 5 && b[4] <= 1 {
			return kLzip
		}
	case '7':
		if has(b, 0, "7z\xBC\xAF\x27\x1C") {
			return k7z
		}
	case 0xFD:
		if has(b, 0, "\xFD7zXZ\x00") {
			return kXz
		}
	case 0x28:
		if has(b, 0, "\x28\xB5\x2F\xFD") {
			return kZstd
		}
	case 0x04, 0x02:
		if has(b, 0, "\x04\x22\x4D\x18") || has(b, 0, "\x02\x21\x4C\x18") {
			return kLz4
		}
	case 0x5D:
		if lzma(b) {
			return kLzma
		}
	case 0x60:
		if arj(b) {
			return kArj
		}
	case 0xC7, 0x71:
		if has(b, 0, "\xC7\x71") || has(b, 0, "\x71\xC7") {
			return kCpio
		}
	case 0xED:
		if has(b, 0, "\xED\xAB\xEE\xDB") {
			return kRpm
		}
	case 0xCA, 0xBE, 0xFE, 0xCE, 0xCF:
		return machOrClass(b)
	case 0xE4:
		if has(b, 0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3") {
			return kOne
		}
	case 0x78:
		if has(b, 0, "\x78\x9F\x3E\x22") {
			return kTNEF
		}
		if has(b, 0, "xar!") && len(b) >= 28 && b[4] == 0 && b[5] >= 28 {
			return kXAR
		}
	default:
		return byLetter(b)
	}
	return none
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

func byLetter(b []byte) kind {
	switch {
	case has(b, 0, "dex\n0"):
		return kDex
	case has(b, 0, "!<arch>\n"):
		if has(b, 8, "debian-binary") {
			return kDeb
		}
		return kAr
	case has(b, 0, "hsqs") && len(b) >= 96 && b[28] == 4 && b[29] == 0:
		return kSquash
	case has(b, 0, "vhdxfile"):
		return kVHDX
	case has(b, 0, "conectix"):
		return kVHD
	case has(b, 0, "SZDD\x88\xF0\x27\x33"), has(b, 0, "KWAJ\x88\xF0\x27\xD1"), has(b, 0, "SZ \x88\xF0\x27\x33"):
		return kSZDD
	case has(b, 0, "8BPS\x00"):
		return kPSD
	case has(b, 0, "OggS\x00"):
		return kOgg
	case has(b, 0, "fLaC"):
		return kFLAC
	case has(b, 0, "\x1A\x45\xDF\xA3"):
		return kMKV
	case has(b, 0, "FLV\x01"):
		return kFLV
	case (has(b, 0, "FWS") || has(b, 0, "CWS") || has(b, 0, "ZWS")) && len(b) > 8 && b[3] > 0 && b[3] < ' ' && b[3] != '\n' && b[3] != '\r' && b[3] != '\t',
		(has(b, 0, "FWS") || has(b, 0, "CWS") || has(b, 0, "ZWS")) && len(b) > 8 && b[3] < 0x40 && !printable(b[4:8]):
		return kSWF
	case has(b, 0, "wOFF"):
		return kWOFF
	case has(b, 0, "wOF2"):
		return kWOFF2
	case has(b, 0, "OTTO\x00"):
		return kOTF
	case has(b, 0, "true\x00"), has(b, 0, "ttcf\x00"):
		return kTTF
	case has(b, 0, "SQLite format 3\x00"):
		return kSQLite
	case has(b, 0, "\x85\x01\x0C\x03"), has(b, 0, "\x85\x02\x0C\x03"), has(b, 0, "\xC1\xC0\x4C\x03"), has(b, 0, "\x8C\x0D\x04"):
		return kPGP // RFC 9580: session key packets of the usual lengths
	}
	return none
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
