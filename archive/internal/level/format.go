package level

import "io"

// Format is how one format is found and opened: a row of the door's table. Each room
// has one for each format that it reads.
type Format struct {
	Name   string            // the door's Format
	Detect func(*Probe) bool // whether its signature occurs
	Marks  []*Mark           // those that Detect asks the probe for

	// Open begins a walk through the first size bytes of src. The error wraps
	// ErrFormat if they are not of the format.
	Open func(src io.ReaderAt, size int64, l Limits) (Walker, error)
}

// String is the format's name.
func (f *Format) String() string { return f.Name }

// Walker goes through one container of one format.
type Walker interface {
	// Next returns the next member and its body; a nil body for a member with
	// Err. The body of the member before is dead from then on.
	Next() (*Member, io.Reader, error)

	// Anomalies are those of the container, complete at its end.
	Anomalies() []string

	// Close gives back what the walker holds.
	Close()
}
