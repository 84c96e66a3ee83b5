package filetype

import (
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
