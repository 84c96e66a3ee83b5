package mime

import "errors"

// Limits bound what the Walker itself holds or does. The zero value of a field
// is its default; a negative number is an error.
type Limits struct {
	HeaderBytes int // bytes of one entity's header; default 256 KiB
	Entities    int // entities in the message, readings included; default 1,024
	Depth       int // multiparts within multiparts; default 17
	Readings    int // readings of one entity; default 8
}

// Classes of faults, for errors.Is on Entity.Fault and Walker.Close.
var (
	ErrLimit       = errors.New("limit exceeded")
	ErrMalformed   = errors.New("malformed")
	ErrUnsupported = errors.New("unsupported")
)

// LimitError says which limit was met. It matches ErrLimit.
type LimitError struct {
	Limit string // "header", "entities", "depth", "readings"
	Max   int64
}
