package magic

import (
	"bytes"
	"encoding/binary"
)

// Plausible reports whether the beginning of a file that Known knows by two or three bytes
// holds what must follow those, so that one text in base64 of many does not. The file has
// less than size bytes. Others are plausible.
func Plausible(b []byte, size int64) bool {
	le := binary.LittleEndian
	switch {
	case len(b) < 10:
		return true
	case bytes.HasPrefix(b, []byte("MZ")):
		return dos(b) || portable(b, size)
	case bytes.HasPrefix(b, []byte("BZh")):
		return b[3] >= '1' && b[3] <= '9' && (string(b[4:10]) == "1AY&SY" || string(b[4:10]) == "\x17rE8P\x90")
	case bytes.HasPrefix(b, []byte("\x1f\x8b\x08")):
		return b[3]&0xE0 == 0
	case bytes.HasPrefix(b, []byte("\x60\xea")):
		n := le.Uint16(b[2:])
		return n >= 30 && n <= 2600 && b[4] >= 30 && uint16(b[4]) <= n
	}
	return true
}

// dos asks for the header of a DOS program whose sizes are possible.
func dos(b []byte) bool {
	le := binary.LittleEndian
	lastPage, pages, relocations, paragraphs := le.Uint16(b[2:]), le.Uint16(b[4:]), le.Uint16(b[6:]), le.Uint16(b[8:])
	return lastPage < 512 && pages > 0 && pages < 1<<12 && relocations < 1<<12 && paragraphs > 0 && paragraphs < 1<<10
}

// portable asks for the header to which the one of DOS leads in a Windows program; its
// loader asks for nothing else. A place that b does not reach is possible.
func portable(b []byte, size int64) bool {
	if len(b) < 0x40 {
		return false
	}
	at := int64(binary.LittleEndian.Uint32(b[0x3c:]))
	if at+4 > int64(len(b)) {
		return at < size
	}
	return string(b[at:at+4]) == "PE\x00\x00" || string(b[at:at+2]) == "NE" || string(b[at:at+2]) == "LE"
}
