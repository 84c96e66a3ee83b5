// Package floor does the work that no scanner of a message can leave out, and
// nothing else: for every object that a report lists, the message itself and the
// containers among them, the bytes are decoded and their SHA-256 is taken. Where
// each object lies and how it is encoded is known beforehand, so that no
// header, boundary or directory is read, nothing is stored and nothing judged.
//
// Base64 is decoded by the standard library line by line, which is a tenth
// quicker than its Decode over all lines and more than twice as quick as
// base64.NewDecoder. Quoted-printable is decoded by a loop that trusts its
// input: the standard library's reader works line by line and would be no floor.
// Deflate is klauspost's, as in the library that is measured, and reads from a
// bytes.Reader, for which it has its quickest loop.
package floor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"

	"github.com/fivefifty/fivefifty/bench/internal/workload"
	"github.com/klauspost/compress/flate"
)

// chunk is how many bytes are decoded before they are hashed: they are then
// still in the processor's cache.
const chunk = 32 << 10

// Floor does the work on one message after another. It is not safe for
// concurrent use.
type Floor struct {
	digest hash.Hash
	src    bytes.Reader
	z      io.ReadCloser
	buf    []byte
	sum    [sha256.Size]byte
}

// New returns a Floor.
func New() *Floor {
	f := &Floor{digest: sha256.New(), buf: make([]byte, chunk)}
	f.z = flate.NewReader(&f.src)
	return f
}

// Run decodes and hashes all objects of m. An error says that a digest is not
// the one that the workload has: what was measured was not the work.
func (f *Floor) Run(m *workload.Mail) error {
	for i := range m.Objects {
		o := &m.Objects[i]
		f.digest.Reset()
		if err := f.decode(o); err != nil {
			return fmt.Errorf("object %d: %w", i, err)
		}
		if f.digest.Sum(f.sum[:0]); f.sum != o.Sum {
			return fmt.Errorf("object %d has digest %x, not %x", i, f.sum, o.Sum)
		}
	}
	return nil
}

func (f *Floor) decode(o *workload.Object) error {
	switch o.Coding {
	case workload.Base64:
		return f.base64(o.Encoded)
	case workload.QuotedPrintable:
		f.quotedPrintable(o.Encoded)
		return nil
	case workload.Deflate:
		return f.inflate(o.Encoded)
	}
	f.digest.Write(o.Encoded)
	return nil
}

// Lines of the workload's base64.
const (
	lineChars = 76
	lineBytes = lineChars / 4 * 3
)

func (f *Floor) base64(p []byte) error {
	n := 0
	for len(p) > 0 {
		if n+lineBytes+8 > len(f.buf) { // with room for the decoder to write whole words
			f.digest.Write(f.buf[:n])
			n = 0
		}
		line := p[:min(len(p), lineChars)]
		wrote, err := base64.StdEncoding.Decode(f.buf[n:], line)
		if err != nil {
			return err
		}
		n += wrote
		p = p[min(len(p), lineChars+len("\r\n")):]
	}
	f.digest.Write(f.buf[:n])
	return nil
}

// quotedPrintable trusts that every "=" begins an escape or a soft line end.
func (f *Floor) quotedPrintable(p []byte) {
	n := 0
	for len(p) > 0 {
		run := bytes.IndexByte(p, '=')
		if run < 0 {
			run = len(p)
		}
		run = min(run, len(f.buf)-n)
		n += copy(f.buf[n:], p[:run])
		p = p[run:]
		if n == len(f.buf) {
			f.digest.Write(f.buf)
			n = 0
			continue
		}
		if len(p) < 3 {
			break
		}
		if p[1] != '\r' {
			f.buf[n] = unhex(p[1])<<4 | unhex(p[2])
			n++
		}
		p = p[3:]
	}
	f.digest.Write(f.buf[:n])
}

// unhex is the value of an upper case hexadecimal digit.
func unhex(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

func (f *Floor) inflate(p []byte) error {
	f.src.Reset(p)
	if err := f.z.(flate.Resetter).Reset(&f.src, nil); err != nil {
		return err
	}
	for {
		n, err := f.z.Read(f.buf)
		f.digest.Write(f.buf[:n])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
