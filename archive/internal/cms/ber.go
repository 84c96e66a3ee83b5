package cms

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Tags of ASN.1's basic encoding rules (X.690) as they occur here.
const (
	berEnd       = 0x00 // of a value of indefinite length
	berOctets    = 0x04
	berOID       = 0x06
	berSequence  = 0x30
	berExplicit  = 0xA0 // [0], constructed
	berMade      = 0x20 // bit of a value that is made of others
	berUnbounded = -1   // a length that is not known beforehand
)

// Bounds of a value.
const (
	berNesting = 32 // octet strings in octet strings
	berOIDMost = 64 // bytes of an object identifier
)

// errBERTag says that another tag stands where one was wanted.
var errBERTag = fmt.Errorf("tag: %w", level.ErrMalformed)

// ber reads values forward. Whether the lengths of values that hold others agree
// with what they hold is not asked: the innermost counts.
type ber struct {
	in  *bufio.Reader
	off int64
}

func newBER(r io.Reader) *ber { return &ber{in: bufio.NewReaderSize(r, 512)} }

func (b *ber) byte() (byte, error) {
	c, err := b.in.ReadByte()
	if err != nil {
		return 0, berError(err)
	}
	b.off++
	return c, nil
}

// berError says that the input ends within a value, and leaves the mark on errors
// of the source.
func berError(err error) error {
	var broken *level.SourceError
	if errors.As(err, &broken) {
		return err
	}
	return fmt.Errorf("%w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
}

// peek returns the next tag.
func (b *ber) peek() (byte, error) {
	c, err := b.in.Peek(1)
	if err != nil {
		return 0, berError(err)
	}
	return c[0], nil
}

// head reads a tag of one byte and a length; berUnbounded for an indefinite one.
func (b *ber) head() (tag byte, n int64, err error) {
	if tag, err = b.byte(); err != nil {
		return 0, 0, err
	}
	first, err := b.byte()
	switch {
	case err != nil:
		return 0, 0, err
	case first < 0x80:
		return tag, int64(first), nil
	case first == 0x80:
		return tag, berUnbounded, nil
	case first > 0x88:
		return 0, 0, fmt.Errorf("length: %w", level.ErrMalformed)
	}
	for range first & 0x7F {
		c, err := b.byte()
		if err != nil {
			return 0, 0, err
		}
		if n > 1<<54 {
			return 0, 0, fmt.Errorf("length: %w", level.ErrMalformed)
		}
		n = n<<8 | int64(c)
	}
	return tag, n, nil
}

// enter moves into a value that holds others. It returns the offset behind the
// value, berUnbounded if a mark says where that is.
func (b *ber) enter(want byte) (end int64, err error) {
	tag, err := b.peek()
	if err != nil {
		return 0, err
	}
	if tag != want {
		return 0, errBERTag
	}
	_, n, err := b.head()
	if n == berUnbounded {
		return n, err
	}
	return b.off + n, err
}

// oid reads an object identifier; "" if there is none.
func (b *ber) oid() string {
	if b.enterOID() != nil {
		return ""
	}
	_, n, err := b.head()
	if err != nil || n < 0 || n > berOIDMost {
		return ""
	}
	raw := make([]byte, n)
	got, _ := io.ReadFull(b.in, raw)
	b.off += int64(got)
	return string(raw[:got])
}

func (b *ber) enterOID() error {
	if tag, err := b.peek(); err != nil || tag != berOID {
		return errBERTag
	}
	return nil
}

// skip moves behind one value, whatever it holds.
func (b *ber) skip() error {
	for open := 0; ; {
		tag, n, err := b.head()
		switch {
		case err != nil:
			return err
		case n == berUnbounded:
			open++
		case tag == berEnd && n == 0 && open > 0:
			open--
		default:
			if err := b.discard(n); err != nil {
				return err
			}
		}
		if open == 0 {
			return nil
		}
	}
}

func (b *ber) discard(n int64) error {
	got, err := io.CopyN(io.Discard, b.in, n)
	b.off += got
	if err != nil {
		return berError(err)
	}
	return nil
}

// berString reads an octet string, which may be made of others.
type berString struct {
	b       *ber
	open    bool    // it is made of others
	ends    []int64 // offsets at which those that are open end, berUnbounded if a mark says so
	segment int64   // bytes left of the present piece
	err     error
}

// octets begins to read the octet string that comes next.
func (b *ber) octets() (*berString, error) {
	s := &berString{b: b}
	tag, n, err := b.head()
	switch {
	case err != nil:
		return nil, err
	case tag&berMade != 0:
		// QUIRK: PKCS #7 1.5 lets the content be any value (RFC 2315 section 7), and
		// Windows signs programs so. Its inner values are the content then.
		s.open = true
		s.push(n)
	case n == berUnbounded:
		return nil, errBERTag
	default:
		s.segment = n
	}
	return s, nil
}

func (s *berString) push(n int64) {
	end := int64(berUnbounded)
	if n >= 0 {
		end = s.b.off + n
	}
	s.ends = append(s.ends, end)
}

// Read goes on to further pieces while they are in the buffer: there may be one for each
// byte.
func (s *berString) Read(p []byte) (n int, err error) {
	for n < len(p) {
		for s.segment == 0 && s.err == nil {
			s.err = s.advance()
		}
		if s.err != nil {
			break
		}
		k, err := s.b.in.Read(p[n:min(int64(len(p)), int64(n)+s.segment)])
		n += k
		s.b.off += int64(k)
		s.segment -= int64(k)
		if err != nil {
			s.err = level.BodyError(err)
		}
		if s.b.in.Buffered() == 0 {
			break
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, s.err
}

// advance moves to the next piece; io.EOF behind the last.
func (s *berString) advance() error {
	last := len(s.ends) - 1
	if last < 0 {
		return io.EOF
	}
	if end := s.ends[last]; end != berUnbounded && s.b.off >= end {
		s.ends = s.ends[:last]
		return nil
	}
	tag, n, err := s.b.head()
	switch {
	case err != nil:
		return level.BodyError(err)
	case tag == berEnd && n == 0:
		s.ends = s.ends[:last]
	case tag&berMade != 0:
		if len(s.ends) == berNesting {
			return fmt.Errorf("nesting: %w", level.ErrMalformed)
		}
		s.push(n)
	case n == berUnbounded:
		return fmt.Errorf("length: %w", level.ErrMalformed)
	default:
		s.segment = n
	}
	return nil
}

// base64Text decodes base64 (RFC 4648) out of a text, up to its padding or to the
// line that ends PEM. Everything outside of the alphabet is skipped.
type base64Text struct {
	r     *bufio.Reader
	bits  uint32
	have  int // bits
	ended bool
}

func (t *base64Text) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && !t.ended {
		c, err := t.r.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		if c == '=' || c == '-' {
			t.ended = true
			break
		}
		v := base64Value(c)
		if v < 0 {
			continue
		}
		t.bits = t.bits<<6 | uint32(v)
		if t.have += 6; t.have >= 8 {
			t.have -= 8
			p[n] = byte(t.bits >> t.have)
			n++
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
