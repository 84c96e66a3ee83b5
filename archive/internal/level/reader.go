package level

import (
	"errors"
	"fmt"
	"io"
)

// Reader iterates over one container's members.
//
// Next advances to the next member, whose body is then read from the Reader;
// what is left unread is skipped. A fault in one member's body is an error from
// Read and does not end the iteration. Next returns io.EOF at the end; an error
// that wraps ErrMalformed or ErrLimit says that there may be more members that
// could not be reached, and is sticky.
//
// A Reader is for one goroutine.
type Reader struct {
	w       Walker
	format  string
	left    int       // members that Limits.Members still allows
	body    io.Reader // the current member's, nil if there is none
	bodyErr error     // what Read returns once body is nil
	cost    int64     // of a byte of it
	spent   int64     // see Cost
	err     error     // sticky, of Next
}

// Open opens one level of a container of a format, which fills the first size
// bytes of src. The errors are those of the door's Open.
func Open(f *Format, src io.ReaderAt, size int64, l Limits) (*Reader, error) {
	l, err := l.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if size < 0 {
		return nil, errors.New("archive: negative size")
	}
	w, err := f.Open(src, size, l)
	if err != nil {
		return nil, fmt.Errorf("archive: %s: %w", f.Name, err)
	}
	return &Reader{w: w, format: f.Name, left: l.Members, bodyErr: io.EOF, cost: 1}, nil
}

// Next advances to the next member. The Member is the caller's, but the Reader
// may add to its Anomalies until the following call.
func (r *Reader) Next() (*Member, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.body, r.bodyErr = nil, io.EOF
	m, body, err := r.w.Next()
	if err != nil {
		r.err = r.wrap(err)
		return nil, r.err
	}
	if r.left == 0 {
		r.err = r.wrap(fmt.Errorf("members: %w", ErrLimit))
		return nil, r.err
	}
	r.left--
	r.body, r.cost = body, MethodCost(m.Method)
	if m.Err != nil {
		m.Err = r.wrap(m.Err)
		r.body, r.bodyErr = nil, m.Err
	}
	return m, nil
}

// Read reads from the current member's body. At its end it returns io.EOF; an
// error that wraps ErrMalformed comes after all bytes that could be decoded.
// For a member with Err it returns that error.
func (r *Reader) Read(p []byte) (int, error) {
	if r.body == nil {
		r.spent = 0
		return 0, r.bodyErr
	}
	n, err := r.body.Read(p)
	r.spent = int64(n) * r.cost
	if w, ok := r.body.(Worker); ok {
		r.spent += w.Work()
	}
	if err != nil {
		r.body, r.bodyErr = nil, r.wrap(err)
	}
	return n, r.errIfEnded()
}

func (r *Reader) errIfEnded() error {
	if r.body == nil {
		return r.bodyErr
	}
	return nil
}

// Anomalies are those of the container as a whole, the Anomaly constants. They
// are complete once Next has returned io.EOF.
func (r *Reader) Anomalies() []string {
	if r.w == nil {
		return nil
	}
	return r.w.Anomalies()
}

// errClosed is what a closed Reader returns.
var errClosed = errors.New("closed")

// Close gives back what the Reader holds. It may be called again.
func (r *Reader) Close() error {
	if errors.Is(r.err, errClosed) {
		return nil
	}
	r.w.Close()
	r.err = r.wrap(errClosed)
	r.body, r.bodyErr = nil, r.err
	return nil
}

// wrap puts the package's prefix before an error, but leaves io.EOF bare.
func (r *Reader) wrap(err error) error {
	if err == io.EOF {
		return err
	}
	return fmt.Errorf("archive: %s: %w", r.format, err)
}
