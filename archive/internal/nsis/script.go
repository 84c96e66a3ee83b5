package nsis

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// The header that holds the script begins with flags and a table of its parts: pages,
// sections, entries, strings and more (fileform.h, "header").
const (
	nsisEntries   = 4 + 2*8 // offset in the table of the entries' place and number
	nsisStrings   = 4 + 3*8
	nsisEntry     = 7 * 4   // length of an entry: an instruction and six operands
	nsisMostFiles = 1 << 16 // entries that are looked at
	nsisMostTexts = 8 << 20 // bytes of names that are looked at: all names can be parts of one text

	// Between these is the instruction that extracts a file; builds number theirs
	// differently.
	nsisExtractMin, nsisExtractMax = 18, 23
)

// names returns the names that a script extracts files by, by the files' places.
// An entry that only looks like such an instruction names a place where no file is.
func names(script []byte, maxName int) map[int64]string {
	if len(script) < nsisStrings+8 {
		return nil
	}
	entries, count, texts := binary.LittleEndian.Uint32(script[nsisEntries:]), binary.LittleEndian.Uint32(script[nsisEntries+4:]), binary.LittleEndian.Uint32(script[nsisStrings:])
	if int64(entries) > int64(len(script)) || int64(texts) > int64(len(script)) {
		return nil
	}
	names, left := map[int64]string{}, nsisMostTexts
	list, table := script[entries:], script[texts:]
	wide := len(table) > 1 && table[0] == 0 && table[1] == 0
	for range min(count, nsisMostFiles) {
		if len(list) < nsisEntry || left < 0 {
			break
		}
		which, name, place := binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[8:]), int64(binary.LittleEndian.Uint32(list[12:]))
		list = list[nsisEntry:]
		if which < nsisExtractMin || which > nsisExtractMax || names[place] != "" {
			continue
		}
		text, used := nsisText(table, int64(name), wide, maxName)
		if left -= used; text != "" {
			names[place] = text
		}
	}
	return names
}

// nsisText reads a string, in which the numbers of variables are "$", and says how many
// bytes it looked at.
func nsisText(table []byte, at int64, wide bool, most int) (s string, used int) {
	if wide {
		at *= 2
	}
	if at >= int64(len(table)) {
		return "", 0
	}
	if table = table[at:]; wide {
		return nsisWide(table[:min(len(table), 2*most)])
	}
	var out []byte
	i := 0
	for ; i < min(len(table), most); i++ {
		switch c := table[i]; {
		case c == 0:
			return text.DecodeANSI(out, text.CodePage(0)), i
		case c < 5 || c >= 252:
			out = append(out, '$')
			i += 2
		default:
			out = append(out, c)
		}
	}
	return "", i
}

func nsisWide(table []byte) (s string, used int) {
	var out []uint16
	i := 0
	for ; i+1 < len(table); i += 2 {
		switch c := binary.LittleEndian.Uint16(table[i:]); {
		case c == 0:
			return strings.ToValidUTF8(string(utf16.Decode(out)), "?"), i
		case c < 5 || c >= 0xe000 && c < 0xe004:
			out = append(out, '$')
			i += 2
		default:
			out = append(out, c)
		}
	}
	return "", i
}
