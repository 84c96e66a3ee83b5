package archive

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
	"golang.org/x/text/encoding"
)

// tnefMagic begins a TNEF stream ([MS-OXTNEF] section 2.1.3.1).
const tnefMagic = "\x78\x9F\x3E\x22"

// tnefAttribute is the length of an attribute's head, in bytes: level, identifier, length.
const tnefAttribute = 9

// Identifiers of attributes ([MS-OXTNEF] section 2.1.3.3.1), without the type in
// their upper half.
const (
	tnefBody          = 0x800C
	tnefAttachData    = 0x800F
	tnefAttachTitle   = 0x8010
	tnefAttachPicture = 0x8011
	tnefTransportName = 0x9001
	tnefAttachStart   = 0x9002
	tnefMessageProps  = 0x9003
	tnefAttachProps   = 0x9005
	tnefCodePage      = 0x9007
)

// tnefPending is how many attributes of one attachment are collected before it is
// yielded.
const tnefPending = 64

// tnefFile walks a TNEF stream, the winmail.dat of Exchange and Outlook: a list of
// attributes, of the message first, then of each attachment in turn.
type tnefFile struct {
	steps
	f      *fields
	limits Limits
	page   encoding.Encoding

	data   []*io.SectionReader // bytes of the present attachment
	props  []*io.SectionReader // its MAPI properties
	titles []string
}

func detectTNEF(p *probe) bool { return bytes.HasPrefix(p.head, []byte(tnefMagic)) }

func openTNEF(src io.ReaderAt, size int64, l Limits) (walker, error) {
	f := newFields(src, size)
	if magic := f.next(len(tnefMagic)); f.err != nil {
		return nil, f.err
	} else if string(magic) != tnefMagic {
		return nil, ErrFormat
	}
	f.skip(2) // a key of the sender's, without use
	t := &tnefFile{f: f, limits: l, page: codePage(0)}
	t.then(t.attribute)
	return t, nil
}

// attribute reads one attribute and comes back for the next.
func (t *tnefFile) attribute() error {
	if t.f.left() < tnefAttribute {
		return t.end()
	}
	level := t.f.u8()
	id := t.f.u32()
	n := int64(t.f.u32())
	if t.f.err != nil {
		return t.f.err
	}
	if level != 1 && level != 2 {
		t.f.off -= tnefAttribute
		return t.end()
	}
	if n > t.f.left() {
		t.note(AnomalyTruncated)
		n = t.f.left()
	}
	body := t.f.rest(n)
	t.f.skip(n)
	if t.f.left() >= 2 {
		if err := t.check(body, t.f.u16()); err != nil {
			return err
		}
	}
	t.then(t.attribute)
	return t.take(uint16(id), body)
}

// end yields what is pending. Mail systems add line ends to the last part of a
// message; more than that behind the last attribute is nothing that TNEF knows.
func (t *tnefFile) end() error {
	tail, err := saferead.UpTo(t.f.src, t.f.off, tnefAttribute, t.f.size, tnefAttribute)
	if err != nil {
		return err
	}
	if len(bytes.Trim(tail, "\r\n\x00")) > 0 {
		t.note(AnomalyAppended)
	}
	return t.flush()
}

// check compares an attribute's checksum: the sum of its bytes ([MS-OXTNEF]
// section 2.1.3.2). Outlook opens those with a wrong one.
func (t *tnefFile) check(body *io.SectionReader, want uint16) error {
	var buf [8 << 10]byte
	sum := uint16(0)
	for off := int64(0); off < body.Size(); off += int64(len(buf)) {
		n, err := body.ReadAt(buf[:], off)
		if err != nil && err != io.EOF {
			return err
		}
		for _, b := range buf[:n] {
			sum += uint16(b)
		}
	}
	if sum != want {
		t.note(AnomalyChecksum)
	}
	return nil
}

// take sorts an attribute to where it belongs.
func (t *tnefFile) take(id uint16, body *io.SectionReader) error {
	switch id {
	case tnefAttachStart:
		return t.flush()
	case tnefAttachTitle, tnefTransportName:
		raw, err := saferead.UpTo(body, 0, body.Size(), body.Size(), t.limits.NameBytes)
		if err != nil {
			return err
		}
		t.titles = append(t.titles, decodeANSI(raw, t.page))
	case tnefAttachData:
		t.data = append(t.data, body)
	case tnefAttachPicture:
		if body.Size() >= mapiLarge { // the icon; nobody can save it
			t.attachment(nil, body)
		}
	case tnefAttachProps:
		t.props = append(t.props, body)
	case tnefMessageProps:
		t.then(t.messageProps(body))
	case tnefBody:
		m := &Member{Method: "stored", Size: body.Size()}
		m.addName(mapiBodyNames[mapiBody], t.limits.NameBytes)
		t.yield(m, body)
	case tnefCodePage:
		t.page = codePage(newFields(body, body.Size()).u32())
	}
	if len(t.data)+len(t.props)+len(t.titles) >= tnefPending {
		return t.flush()
	}
	return nil
}

// flush yields the attachment whose attributes were collected.
func (t *tnefFile) flush() error {
	var names []string
	for _, p := range t.props {
		more, err := t.attachmentNames(p)
		if err != nil {
			return err
		}
		names = append(names, more...)
	}
	names = append(names, t.titles...)
	for _, body := range t.data {
		t.attachment(names, body)
	}
	var inside []step
	for _, p := range t.props {
		inside = append(inside, t.attachmentProps(p, names))
	}
	t.then(inside...)
	t.data, t.props, t.titles = nil, nil, nil
	return nil
}

func (t *tnefFile) attachment(names []string, body *io.SectionReader) {
	m := &Member{Method: "stored", Size: body.Size()}
	for _, name := range names {
		if name != "" {
			m.addName(name, t.limits.NameBytes)
		}
	}
	t.yield(m, body)
}
