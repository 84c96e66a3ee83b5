package level

import "io"

// Format is how one format is found and opened: a row of the table behind Open and
// Detect.
type Format struct {
	Name   string
	Detect func(*Probe) bool // whether its signature occurs
	Open   func(src io.ReaderAt, size int64, l Limits) (Walker, error)
	Marks  []*Mark // what detect asks the probe for
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
