package scanner

import (
	"crypto"
	_ "crypto/md5" // for Object.Sum
	_ "crypto/sha1"
	_ "crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/internal/spool"
)

// Object is one thing that a mail client or an unpacker could get out of the
// message: the body of a part, a file inside an archive, a file inside a text.
// Its fields are plain data and stay valid in the report; its methods give the
// bytes, and only to an engine during Inspect.
type Object struct {
	// Path tells where the object was found: the part's number (RFC 3501
	// section 6.4.5) and the names from there on, "1.2/invoice.zip/run.js". It
	// is unique in a report ("#2" marks a second object of one name) and "" for
	// the message itself. Names come from mail: never join Path to a path.
	Path string `json:"path"`

	Parent    int      `json:"parent"`               // index in Report.Objects of the object it came out of; -1 for the first
	Names     []string `json:"names"`                // every name the object bears, decoded to UTF-8, likeliest first
	RawNames  []string `json:"raw_names,omitempty"`  // those of them that stand otherwise in the message, as they stand there, with Go's escapes (\xe9) for all but printable ASCII
	Declared  string   `json:"declared,omitempty"`   // media type that the message declares, "" if none
	Type      string   `json:"type"`                 // true type by content, a short stable name: "pe", "zip", "text"
	MediaType string   `json:"media_type,omitempty"` // media type that belongs to Type
	Size      int64    `json:"size"`                 // bytes, decoded
	MD5       Digest   `json:"md5,omitempty"`        // only if an engine asked for it
	SHA1      Digest   `json:"sha1,omitempty"`       // only if an engine asked for it
	SHA256    Digest   `json:"sha256,omitempty"`     // missing only where no byte could be had
	Reading   string   `json:"reading,omitempty"`    // how it was read, where clients or unpackers differ
	SameAs    string   `json:"same_as,omitempty"`    // path of the object with equal bytes under which what is inside is listed

	// Member is what the container says that the object came out of; nil for what
	// came out of a message or a text, and for the first.
	Member *Member `json:"member,omitempty"`

	// PasswordFrom says where the password stood that opened the object:
	// "subject", "name", the path of a text, "list" (Config.Passwords), or
	// "default" for one that programs try by themselves; "" if none was needed.
	PasswordFrom string `json:"password_from,omitempty"`

	Anomalies []string    `json:"anomalies,omitempty"` // what is odd about it, stable names
	Findings  []Finding   `json:"findings,omitempty"`
	Unchecked []Unchecked `json:"unchecked,omitempty"`

	body *spool.Buffer
}

// ErrReleased is what an Object's methods return outside of Engine.Inspect.
var ErrReleased = errors.New("scanner: object's bytes are gone")

// Bytes returns the whole object as one contiguous slice, in memory or mapped
// from the spool. It must not be changed or kept.
func (o *Object) Bytes() ([]byte, error) {
	if o.body == nil {
		return nil, ErrReleased
	}
	return o.body.Bytes()
}

// ReadAt implements io.ReaderAt over the object's bytes.
func (o *Object) ReadAt(p []byte, off int64) (int, error) {
	if o.body == nil {
		return 0, ErrReleased
	}
	return o.body.ReadAt(p, off)
}

var _ io.ReaderAt = (*Object)(nil)

// Sum returns the object's digest by h (crypto.MD5, crypto.SHA1,
// crypto.SHA256), and keeps it in the report. SHA-256 was taken as the object
// arrived; the first call for another costs one pass over the bytes.
func (o *Object) Sum(h crypto.Hash) (Digest, error) {
	field := &o.SHA256
	switch h {
	case crypto.SHA256:
	case crypto.SHA1:
		field = &o.SHA1
	case crypto.MD5:
		field = &o.MD5
	default:
		return nil, errors.New("scanner: no digest by " + h.String())
	}
	if len(*field) > 0 {
		return *field, nil
	}
	if o.body == nil {
		return nil, ErrReleased
	}
	b, err := o.body.Bytes()
	if err != nil {
		return nil, err
	}
	w := h.New()
	w.Write(b)
	*field = w.Sum(nil)
	return *field, nil
}

// Name returns the likeliest name, "" if the object has none.
func (o *Object) Name() string {
	if len(o.Names) == 0 {
		return ""
	}
	return o.Names[0]
}

// Digest is a hash function's value; it prints and marshals as lower case hex.
type Digest []byte

func (d Digest) String() string               { return hex.EncodeToString(d) }
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads hex.
func (d *Digest) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*d = b
	return err
}
