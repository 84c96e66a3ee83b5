package office

import (
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// Identifiers of MAPI properties ([MS-OXPROPS]) that carry what a mail client
// shows or saves, or its name.
const (
	mapiHeaders     = 0x007D // PR_TRANSPORT_MESSAGE_HEADERS
	mapiBody        = 0x1000 // PR_BODY
	mapiRTF         = 0x1009 // PR_RTF_COMPRESSED
	mapiHTML        = 0x1013 // PR_HTML, PR_BODY_HTML
	mapiDisplayName = 0x3001 // PR_DISPLAY_NAME
	mapiAttachData  = 0x3701 // PR_ATTACH_DATA_BIN, PR_ATTACH_DATA_OBJ
	mapiFileName    = 0x3704 // PR_ATTACH_FILENAME: 8.3
	mapiLongName    = 0x3707 // PR_ATTACH_LONG_FILENAME
	mapiLongPath    = 0x370D // PR_ATTACH_LONG_PATHNAME
	mapiInternetCP  = 0x3FDE // PR_INTERNET_CPID
	mapiMessageCP   = 0x3FFD // PR_MESSAGE_CODEPAGE
)

// Types of properties ([MS-OXCDATA] section 2.11.1).
const (
	mapiInteger = 0x0003
	mapiObject  = 0x000D
	mapiString8 = 0x001E
	mapiUnicode = 0x001F
	mapiBinary  = 0x0102
)

// mapiLarge is the size from which a property without a use of its own here is
// yielded all the same: smaller ones are in every message. In bytes.
const mapiLarge = 1 << 10

// mapiFixedMost is the size up to which the properties of fixed length of one object
// are not yielded: some 1,000 of them. In bytes.
const mapiFixedMost = 16 << 10

// mapiBodyNames are the names that bodies are given: the properties have none.
var mapiBodyNames = map[uint16]string{
	mapiHeaders: "headers.txt", mapiBody: "body.txt", mapiRTF: "body.rtf", mapiHTML: "body.html",
}

// mapiNames are the properties that name an attachment, the likeliest to be the
// name under which it is saved first.
var mapiNames = [...]uint16{mapiLongName, mapiFileName, mapiDisplayName, mapiLongPath}

// mapiText decodes a property's text; "" for one that is none.
func mapiText(typ uint16, raw []byte, page encoding.Encoding) string {
	switch typ {
	case mapiUnicode:
		return text.DecodeUTF16(raw)
	case mapiString8:
		return text.DecodeANSI(raw, page)
	}
	return ""
}

// mapiMember makes a member of a body's property.
func mapiMember(id, typ uint16, name string, body *io.SectionReader, maxName int) (*level.Member, io.Reader) {
	m := &level.Member{Method: "stored", Size: body.Size()}
	if name != "" {
		level.AddName(m, name, maxName)
	}
	switch {
	case id == mapiRTF && typ == mapiBinary:
		text, err := openLZFu(body, m)
		m.Err = err
		return m, text
	case typ == mapiUnicode:
		// Texts are UTF-8 elsewhere in mail, and signatures are made for that.
		m.Size = -1
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		return m, transform.NewReader(body, utf16.NewDecoder())
	}
	return m, body
}
