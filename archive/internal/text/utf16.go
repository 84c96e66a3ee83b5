package text

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// DecodeUTF16 reads UTF-16LE without its trailing NULs.
func DecodeUTF16(raw []byte) string {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	for len(units) > 0 && units[len(units)-1] == 0 {
		units = units[:len(units)-1]
	}
	return string(utf16.Decode(units))
}

// UTF16 is text of 16-bit little-endian characters.
func UTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return strings.ToValidUTF8(string(utf16.Decode(units)), "\ufffd")
}

// UTF16Bytes is s in UTF-16, little-endian.
func UTF16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// UTF16Name reads a name of 16-bit little-endian characters up to a zero.
func UTF16Name(b []byte) string {
	var out []uint16
	for ; len(b) >= 2; b = b[2:] {
		v := binary.LittleEndian.Uint16(b)
		if v == 0 {
			break
		}
		out = append(out, v)
	}
	return string(utf16.Decode(out))
}
