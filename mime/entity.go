package mime

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// Kind says what an Entity is in the structure of its message.
type Kind uint8

const (
	Leaf      Kind = iota // a body of content: a part without parts of its own
	Multipart             // a body that is split into parts; it has no bytes of its own
	Preamble              // what stands before a multipart's first delimiter
	Epilogue              // what stands after a multipart's closing delimiter
	Carved                // a file or message that stands inside the text of another leaf (uuencode, a bounce's original)
)

// Entity is one entity in one reading. The Walker fills everything but the
// fields marked so before Handler.Begin; it must not be changed by the Handler.
type Entity struct {
	// Path numbers the entity in its message as IMAP does (RFC 3501 section
	// 6.4.5): "1", "1.2"; "1.preamble" and "1.epilogue" for the text around the
	// parts of multipart 1, "preamble" and "epilogue" for those of the message;
	// "" for the multipart that is the message itself. Carved entities are
	// numbered below their leaf.
	Path   string
	Kind   Kind
	Parent *Entity // nil for the message's own entity
	Depth  int     // number of Parents

	MediaType   string            // lower case "type/subtype" as declared; the default of RFC 2045 section 5.2 where absent
	Params      map[string]string // parameters of Content-Type in this reading
	Disposition string            // lower case "attachment", "inline", or ""
	Encoding    string            // the transfer decoding that was applied, lower case: "base64", "quoted-printable", "7bit", "x-uuencode", …
	Names       []Name            // every name that a client may show or save it by; the likeliest first; one that stands in the encoded body (uuencode) is added until Handler.End

	// Reading labels how the entity was read where clients differ, "" where the
	// message admits one reading only.
	Reading string

	// Anomalies lists what is odd about the entity, stable names, no
	// duplicates. More may be added until Handler.End.
	Anomalies []string

	// Fault is set before Handler.End if some of the body could not be decoded
	// or was not looked at: it wraps one of this package's sentinel errors.
	Fault error

	// Size is the number of decoded bytes, set before Handler.End.
	Size int64

	fields  [][]byte // of the header, as they stand
	hidden  int      // texts within texts that the entity was found in
	times   int      // in how many readings its bytes are read
	cr      bool     // it stands in mail that has no LF
	guessed bool     // nobody said that its body is in this encoding
}

// Header returns the fields as they stand, in go-message's type: raw bytes kept, order
// kept, unusable lines left out (see Anomalies). It is made anew at each call: most
// callers need none, and it costs more than all else that is done with a header.
func (e *Entity) Header() message.Header {
	var h message.Header
	for _, f := range slices.Backward(e.fields) {
		h.AddRaw(f)
	}
	return h
}

// Text returns the first field of a name, unfolded and decoded to UTF-8 (RFC 2047,
// raw 8-bit); "" if there is none.
func (e *Entity) Text(name string) string {
	for _, f := range e.fields {
		if len(f) <= len(name) || !strings.EqualFold(string(f[:len(name)]), name) {
			continue
		}
		if before, value, _ := bytes.Cut(f[len(name):], []byte(":")); len(bytes.TrimLeft(before, " \t")) == 0 {
			return decodeWords(new(Entity), unfold(value))
		}
	}
	return ""
}

// NameSource says where a name was found.
type NameSource uint8

const (
	FromDisposition NameSource = iota // Content-Disposition: …; filename=
	FromType                          // Content-Type: …; name=
	FromContent                       // in the content itself: uuencode's begin line
	FromDescription                   // other fields
)

// Name is one name of an entity.
type Name struct {
	Value  string // decoded to UTF-8 (RFC 2231, RFC 2047, raw 8-bit); may hold anything but is valid UTF-8
	Raw    string // as it stands in the message
	Source NameSource
}
