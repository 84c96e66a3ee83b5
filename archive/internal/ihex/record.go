package ihex

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Kinds of records.
const (
	kindData    = 0
	kindEnd     = 1
	kindSegment = 2 // bits 4 to 19 of the addresses that follow
	kindLinear  = 4 // bits 16 to 31 of them
	kindMost    = 5
)

// Of a record, in bytes: what is not data (the number of those that are, an address, a
// kind and a sum), and the longest one as text behind its colon.
const (
	overhead  = 1 + 2 + 1 + 1
	maxRecord = 2 * (overhead + 255)
)

// record is one line.
type record struct {
	begin   int64 // of its colon in the text
	kind    byte
	address uint64 // the whole of it
	data    []byte // dead when the next record is read
}

// records reads one record after the other.
type records struct {
	in   *bufio.Reader
	at   int64 // bytes of text read
	base uint64
	last bool // the record that ends the file was met
	buf  [maxRecord / 2]byte
	text [maxRecord]byte
}

func newRecords(r io.Reader) *records { return &records{in: bufio.NewReader(r)} }

// next reads a record. The error is io.EOF behind the last, and ErrMalformed for what is
// none.
func (r *records) next() (record, error) {
	if r.last {
		return record{}, io.EOF
	}
	c, err := r.visible()
	if err != nil {
		return record{}, err
	}
	rec := record{begin: r.at - 1}
	if c != ':' {
		return rec, fmt.Errorf("no record: %w", level.ErrMalformed)
	}
	if err := r.decode(0, 1); err != nil {
		return rec, err
	}
	n := overhead + int(r.buf[0])
	if err := r.decode(1, n); err != nil {
		return rec, err
	}
	sum := byte(0)
	for _, b := range r.buf[:n] {
		sum += b
	}
	if rec.kind = r.buf[3]; sum != 0 || rec.kind > kindMost {
		return rec, fmt.Errorf("a record's sum or kind: %w", level.ErrMalformed)
	}
	rec.data = r.buf[4 : n-1]
	rec.address = r.base + uint64(r.buf[1])<<8 + uint64(r.buf[2])
	switch word := uint64(0); {
	case rec.kind == kindEnd:
		r.last = true
	case len(rec.data) == 2:
		word = uint64(rec.data[0])<<8 + uint64(rec.data[1])
		switch rec.kind {
		case kindSegment:
			r.base = word << 4
		case kindLinear:
			r.base = word << 16
		}
	}
	return rec, nil
}

// decode reads bytes from to to of a record.
func (r *records) decode(from, to int) error {
	text := r.text[:2*(to-from)]
	n, err := io.ReadFull(r.in, text)
	r.at += int64(n)
	if err != nil {
		return level.Truncated(err)
	}
	if _, err := hex.Decode(r.buf[from:to], text); err != nil {
		return fmt.Errorf("a record's digits: %w", level.ErrMalformed)
	}
	return nil
}

// visible is the next byte that is no blank.
func (r *records) visible() (byte, error) {
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return 0, err
		}
		r.at++
		if c > ' ' {
			return c, nil
		}
	}
}
