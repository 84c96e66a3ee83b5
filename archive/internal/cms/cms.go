package cms

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Object identifiers of content types, in DER (RFC 5652, RFC 3274, RFC 5083).
const (
	oidPKCS7           = "\x2A\x86\x48\x86\xF7\x0D\x01\x07"
	oidData            = oidPKCS7 + "\x01"
	oidSigned          = oidPKCS7 + "\x02"
	oidEnveloped       = oidPKCS7 + "\x03"
	oidSignedEnveloped = oidPKCS7 + "\x04"
	oidDigested        = oidPKCS7 + "\x05"
	oidEncrypted       = oidPKCS7 + "\x06"
	oidSMIMEContent    = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01"
	oidCompressed      = oidSMIMEContent + "\x09"
	oidAuthEnveloped   = oidSMIMEContent + "\x17"
	oidAuthenticated   = oidSMIMEContent + "\x02"
	cmsHeadMost        = 64 << 10 // bytes of a text that are looked through for the start
	cmsEntityHead      = 1 << 10  // bytes of the content that tell what it is
	cmsLineMost        = 256      // bytes of a field's name
)

// file opens a CMS message (S/MIME's smime.p7m, RFC 5652): what is signed in it
// is its member. A signature without content has none.
type file struct {
	b    *ber
	done bool
	body io.Reader
}

// Format is how a signed or compressed message is found and opened.
var Format = &level.Format{Name: "p7m", Detect: detect, Open: open}

func detect(p *level.Probe) bool { return isCMS(p.Head) || text(p.Head) != nil }

// isCMS says whether a ContentInfo begins with one of the types above.
func isCMS(head []byte) bool {
	if len(head) == 0 || head[0] != berSequence {
		return false
	}
	b := newBER(bytes.NewReader(head[:min(len(head), 64)]))
	_, err := b.enter(berSequence)
	return err == nil && knownCMS(b.oid())
}

func knownCMS(oid string) bool {
	return len(oid) == len(oidData) && oid[:len(oidPKCS7)] == oidPKCS7 ||
		oid == oidCompressed || oid == oidAuthEnveloped || oid == oidAuthenticated
}

// text returns a text from the start of its base64 on, nil if that is no CMS:
// with the lines of PEM (RFC 7468) around it or without.
func text(head []byte) []byte {
	text := bytes.TrimLeft(head[:min(len(head), cmsHeadMost)], " \t\r\n")
	if bytes.HasPrefix(text, []byte("-----BEGIN ")) {
		_, rest, found := bytes.Cut(text, []byte("\n"))
		if !found {
			return nil
		}
		text = rest
	}
	if len(text) == 0 || text[0] != 'M' { // 0x30, a sequence
		return nil
	}
	var b [48]byte
	n, _ := io.ReadFull(&base64Text{r: bufio.NewReaderSize(bytes.NewReader(text[:min(len(text), 128)]), 128)}, b[:])
	if !isCMS(b[:n]) {
		return nil
	}
	return text
}

func open(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, size, size, cmsHeadMost)
	if err != nil {
		return nil, err
	}
	all := io.NewSectionReader(src, 0, size)
	if isCMS(head) {
		return &file{b: newBER(&level.Marked{R: all})}, nil
	}
	text := text(head)
	if text == nil {
		return nil, level.ErrFormat
	}
	at := int64(bytes.Index(head, text))
	in := bufio.NewReader(&level.Marked{R: io.NewSectionReader(src, at, size-at)})
	return &file{b: newBER(&base64Text{r: in})}, nil
}

func (c *file) Anomalies() []string { return nil }
func (c *file) Close()              { c.body = nil }

// Next implements walker: there is one member at most.
func (c *file) Next() (*level.Member, io.Reader, error) {
	if c.done {
		return nil, nil, io.EOF
	}
	c.done = true
	m := &level.Member{Size: -1, Method: "stored"}
	err := c.find(m)
	var broken *level.SourceError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &broken):
		return nil, nil, bareSource(err)
	case errors.Is(err, level.ErrEncrypted), errors.Is(err, level.ErrUnsupported):
		m.Err = err
		return m, nil, nil
	case err != nil:
		return nil, nil, err
	}
	c.name(m)
	return m, c.body, nil
}

// bareSource takes the mark off an error of the source.
func bareSource(err error) error {
	var broken *level.SourceError
	if errors.As(err, &broken) {
		return broken.Err
	}
	return io.EOF
}

// find moves to the content. It returns io.EOF if there is none.
func (c *file) find(m *level.Member) error {
	if _, err := c.b.enter(berSequence); err != nil {
		return err
	}
	kind := c.b.oid()
	if _, err := c.b.enter(berExplicit); err != nil {
		return absent(err)
	}
	switch kind {
	case oidData:
		return c.content(m)
	case oidEnveloped, oidSignedEnveloped, oidEncrypted, oidAuthEnveloped:
		m.Encrypted = true
		return level.ErrEncrypted
	case oidSigned, oidDigested, oidCompressed:
	default:
		return fmt.Errorf("content type: %w", level.ErrUnsupported)
	}
	// A version, then one set or sequence of algorithms, then the content with its
	// own type, in all three of them.
	if _, err := c.b.enter(berSequence); err != nil {
		return err
	}
	for range 2 {
		if err := c.b.skip(); err != nil {
			return err
		}
	}
	return c.encapsulated(m, kind)
}

func (c *file) encapsulated(m *level.Member, kind string) error {
	end, err := c.b.enter(berSequence)
	if err != nil {
		return err
	}
	switch c.b.oid() {
	case oidEnveloped, oidSignedEnveloped, oidEncrypted, oidAuthEnveloped:
		m.Encrypted = true
		return level.ErrEncrypted
	}
	if end != berUnbounded && c.b.off >= end {
		return io.EOF // a detached signature
	}
	if _, err := c.b.enter(berExplicit); err != nil {
		return absent(err)
	}
	if err := c.content(m); err != nil {
		return err
	}
	if kind == oidCompressed {
		m.Method = "deflate"
		c.body = &input.Zlib{Src: c.body, Want: -1}
	}
	return nil
}

// absent turns what is no content into io.EOF.
func absent(err error) error {
	if errors.Is(err, errBERTag) {
		return io.EOF
	}
	return err
}

func (c *file) content(m *level.Member) error {
	octets, err := c.b.octets()
	if err != nil {
		return err
	}
	if !octets.open {
		m.Size = octets.segment
	}
	c.body = octets
	return nil
}

// name looks at the content's first bytes. In mail it is an entity with header
// fields (RFC 8551 section 3.1), which is read as a message is; a signed file is not.
func (c *file) name(m *level.Member) {
	in := bufio.NewReaderSize(c.body, cmsEntityHead)
	head, _ := in.Peek(cmsEntityHead)
	c.body = in
	line, _, found := bytes.Cut(head[:min(len(head), cmsLineMost)], []byte(":"))
	if !found || len(line) == 0 {
		return
	}
	for _, b := range line {
		if b <= ' ' || b > '~' {
			return
		}
	}
	m.MediaType = "message/rfc822"
	level.AddName(m, "content.eml", cmsLineMost)
}
