package mime

import (
	"errors"
	"fmt"
)

// Limits bound what the Walker itself holds or does. The zero value of a field
// is its default; a negative number is an error.
type Limits struct {
	HeaderBytes int // bytes of one entity's header; default 256 KiB
	Entities    int // entities in the message, readings included; default 1,024
	Depth       int // multiparts within multiparts; default 17
	Readings    int // readings of one entity, those of the multiparts around it multiplied in; default 8
}

const (
	defaultHeaderBytes = 256 << 10
	defaultEntities    = 1024
	defaultDepth       = 17
	defaultReadings    = 8
)

// Classes of faults, for errors.Is on Entity.Fault and Walker.Close.
var (
	ErrLimit       = errors.New("limit exceeded")
	ErrMalformed   = errors.New("malformed")
	ErrUnsupported = errors.New("unsupported")
	ErrEncrypted   = errors.New("encrypted")
)

// LimitError says which limit was met. It matches ErrLimit.
type LimitError struct {
	Limit string // "header", "entities", "depth", "readings"
	Max   int64
}

// Error names the limit and its value.
func (e *LimitError) Error() string {
	return fmt.Sprintf("mime: limit exceeded: %s: more than %d", e.Limit, e.Max)
}

// Is reports whether target is ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// withDefaults returns l with each zero replaced by its default.
func (l Limits) withDefaults() (Limits, error) {
	for _, f := range []struct {
		name  string
		value *int
		def   int
	}{
		{"HeaderBytes", &l.HeaderBytes, defaultHeaderBytes},
		{"Entities", &l.Entities, defaultEntities},
		{"Depth", &l.Depth, defaultDepth},
		{"Readings", &l.Readings, defaultReadings},
	} {
		if *f.value < 0 {
			return l, fmt.Errorf("mime: Limits.%s is negative: %d", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.def
		}
	}
	return l, nil
}
