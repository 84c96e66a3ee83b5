package archive

import (
	"errors"
	"io"
)

// Format names a container format: "zip", "gzip", "bzip2", "tar".
type Format string

// Limits bound what a Reader itself holds. The zero value of a field is its
// default; a negative number is an error.
type Limits struct {
	Members    int   // members of one container; default 10,000
	NameBytes  int   // bytes of one member's name; default 64 KiB
	Dictionary int64 // bytes of dictionary or window that a decoder may allocate; default 64 MiB
}

// Classes of errors, for errors.Is.
var (
	ErrFormat      = errors.New("not this format")  // the bytes are not of the format at all
	ErrMalformed   = errors.New("malformed")        // a broken instance of the format
	ErrEncrypted   = errors.New("encrypted")        // needs a password
	ErrUnsupported = errors.New("unsupported")      // a method or variant that is not implemented
	ErrLimit       = errors.New("limit exceeded")   // one of Limits
)

// Member is one member of a container.
type Member struct {
	// Names are all names that the container gives the member, UTF-8, the
	// likeliest first, with "/" between folders as most unpackers see them. They
	// come from the attacker: never join them to a path. Empty for formats
	// without names.
	Names []string

	Size      int64    // declared size in bytes, -1 if none; never to be trusted
	Method    string   // compression method, lower case: "stored", "deflate", …
	Encrypted bool     // the container says that it needs a password
	Dir       bool     // the container says that it is a folder (it may carry data all the same)
	Reading   string   // where the container describes it, if readers differ: "local", "central", …
	Anomalies []string // stable names
	Err       error    // why the body cannot be read at all; the Reader then yields no bytes for it
}

// Reader iterates over one container's members.
//
// Next advances to the next member, whose body is then read from the Reader;
// what is left unread is skipped. A fault in one member's body is an error from
// Read and does not end the iteration. Next returns io.EOF at the end; an error
// that wraps ErrMalformed or ErrLimit says that there may be more members that
// could not be reached, and is sticky.
type Reader struct {
	w walker
}

type walker interface {
	next() (*Member, io.Reader, error)
	anomalies() []string
}
