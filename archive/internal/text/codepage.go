package text

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// codePages are the Windows code pages in which Outlook writes texts that are not
// Unicode.
var codePages = map[uint32]encoding.Encoding{
	437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 855: charmap.CodePage855,
	858: charmap.CodePage858, 862: charmap.CodePage862, 866: charmap.CodePage866, 874: charmap.Windows874,
	932: japanese.ShiftJIS, 936: simplifiedchinese.GBK, 949: korean.EUCKR, 950: traditionalchinese.Big5,
	1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252, 1253: charmap.Windows1253,
	1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257,
	1258: charmap.Windows1258, 20866: charmap.KOI8R, 21866: charmap.KOI8U, 28591: charmap.ISO8859_1,
	28592: charmap.ISO8859_2, 28605: charmap.ISO8859_15, 50220: japanese.ISO2022JP, 51932: japanese.EUCJP,
	51949: korean.EUCKR, 54936: simplifiedchinese.GB18030,
}

// CodePage returns the encoding of a code page, Western European for one that is not known.
func CodePage(n uint32) encoding.Encoding {
	if e, ok := codePages[n]; ok {
		return e
	}
	return charmap.Windows1252
}

// DecodeANSI reads a text that claims a code page: as UTF-8 if it is that, which
// writers store whatever they declare. Trailing NULs are dropped.
func DecodeANSI(raw []byte, page encoding.Encoding) string {
	raw = bytes.TrimRight(raw, "\x00")
	if utf8.Valid(raw) {
		return string(raw)
	}
	s, err := page.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return string(s)
}
