package level

import "errors"

// Limits bound what a Reader itself holds. The zero value of a field is its
// default; a negative number is an error.
type Limits struct {
	Members    int   // members of one container; default 10,000
	NameBytes  int   // bytes of one member's name; default 64 KiB
	Dictionary int64 // bytes of dictionary or window that a decoder may allocate; default 64 MiB

	// Keys are tried on what is encrypted; nil tries none. The same Keys may
	// serve one container after another, which then share its budget.
	Keys *Keys
}

// withDefaults returns l with its zero fields set, or an error for a negative one.
func (l Limits) withDefaults() (Limits, error) {
	if l.Members < 0 || l.NameBytes < 0 || l.Dictionary < 0 {
		return l, errors.New("negative limit")
	}
	if l.Members == 0 {
		l.Members = 10_000
	}
	if l.NameBytes == 0 {
		l.NameBytes = 64 << 10
	}
	if l.Dictionary == 0 {
		l.Dictionary = 64 << 20
	}
	return l, nil
}

// Classes of errors, for errors.Is.
var (
	ErrFormat      = errors.New("not this format") // the bytes are not of the format at all
	ErrMalformed   = errors.New("malformed")       // a broken instance of the format
	ErrEncrypted   = errors.New("encrypted")       // needs a password
	ErrUnsupported = errors.New("unsupported")     // a method or variant that is not implemented
	ErrLimit       = errors.New("limit exceeded")  // one of Limits
)

// Member is one member of a container.
type Member struct {
	// Names are all names that the container gives the member, UTF-8, the
	// likeliest first, with "/" between folders as most unpackers see them. They
	// come from the attacker: never join them to a path. Empty for formats
	// without names.
	Names []string

	// MediaType is the one that the container declares, "" if it declares none.
	// Only for a MIME entity in a signature, and for a message: "message/rfc822".
	MediaType string

	Size      int64  // declared size in bytes, -1 if none; never to be trusted
	Method    string // compression method, lower case: "stored", "deflate", …
	Packed    int64  // its declared size within the container in bytes, 0 if that is not known
	CRC32     uint32 // of the body, as declared; 0 if that is not known
	Encrypted bool   // the container says that it needs a password
	Password  string // the one of Limits.Keys that opened the body; "" if none was needed or none fits
	Dir       bool   // the container says that it is a folder (it may carry data all the same)
	Reading   string // where the container describes it, if readers differ: "local", "central", "pax", "expanded", "appended", …
	Cut       bool   // headers stand amid what belongs together; another member has it without them
	Err       error  // why the body cannot be read at all; the Reader then yields no bytes for it

	// Anomalies are stable names, the Anomaly constants. Those that only the
	// bytes can show (crc-mismatch, size-mismatch) are there once the body has
	// been read to its end.
	Anomalies []string
}

// Note adds an anomaly once.
func Note(m *Member, name string) { m.Anomalies = NoteOnce(m.Anomalies, name) }

// NoteOnce adds a name to a list that lacks it.
func NoteOnce(list []string, name string) []string {
	for _, have := range list {
		if have == name {
			return list
		}
	}
	return append(list, name)
}
