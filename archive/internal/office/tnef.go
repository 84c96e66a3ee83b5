package office

import (
	"bytes"
	"io"

	"golang.org/x/text/encoding"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/saferead"
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
	level.Steps
	f      *input.Fields
	limits level.Limits
	page   encoding.Encoding

	data   []*io.SectionReader // bytes of the present attachment
	props  []*io.SectionReader // its MAPI properties
	titles []string
	sums   []byte // for checksums
}

// TNEF is how a TNEF stream is found and opened.
var TNEF = &level.Format{Name: "tnef", Detect: detectTNEF, Open: openTNEF}

func detectTNEF(p *level.Probe) bool { return bytes.HasPrefix(p.Head, []byte(tnefMagic)) }

func openTNEF(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	f := input.NewFields(src, size)
	if magic := f.Next(len(tnefMagic)); f.Err != nil {
		return nil, f.Err
	} else if string(magic) != tnefMagic {
		return nil, level.ErrFormat
	}
	f.Skip(2) // a key of the sender's, without use
	t := &tnefFile{f: f, limits: l, page: text.CodePage(0)}
	t.Then(t.attribute)
	return t, nil
}

// attribute reads one attribute and comes back for the next.
func (t *tnefFile) attribute() error {
	if t.f.Left() < tnefAttribute {
		return t.end()
	}
	level := t.f.U8()
	id := t.f.U32()
	n := int64(t.f.U32())
	if t.f.Err != nil {
		return t.f.Err
	}
	if level != 1 && level != 2 {
		t.f.Off -= tnefAttribute
		return t.end()
	}
	if n > t.f.Left() {
		t.Note(anomaly.Truncated)
		n = t.f.Left()
	}
	body := t.f.Rest(n)
	t.f.Skip(n)
	if t.f.Left() >= 2 {
		if err := t.check(body, t.f.U16()); err != nil {
			return err
		}
	}
	t.Then(t.attribute)
	return t.take(uint16(id), body)
}

// end yields what is pending. Mail systems add line ends to the last part of a
// message; more than that behind the last attribute is nothing that TNEF knows.
func (t *tnefFile) end() error {
	tail, err := saferead.UpTo(t.f.Src, t.f.Off, tnefAttribute, t.f.Size, tnefAttribute)
	if err != nil {
		return err
	}
	if len(bytes.Trim(tail, "\r\n\x00")) > 0 {
		t.Note(anomaly.Appended)
	}
	return t.flush()
}

// check compares an attribute's checksum: the sum of its bytes ([MS-OXTNEF]
// section 2.1.3.2). Outlook opens those with a wrong one.
func (t *tnefFile) check(body *io.SectionReader, want uint16) error {
	if t.sums == nil {
		t.sums = make([]byte, 8<<10)
	}
	buf := t.sums
	sum := uint16(0)
	for off := int64(0); off < body.Size(); off += int64(len(buf)) {
		n, err := body.ReadAt(buf, off)
		if err != nil && err != io.EOF {
			return err
		}
		for _, b := range buf[:n] {
			sum += uint16(b)
		}
	}
	if sum != want {
		t.Note(anomaly.Checksum)
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
		t.titles = append(t.titles, text.DecodeANSI(raw, t.page))
	case tnefAttachData:
		t.data = append(t.data, body)
	case tnefAttachPicture:
		if body.Size() >= mapiLarge { // the icon; nobody can save it
			t.attachment(nil, body)
		}
	case tnefAttachProps:
		t.props = append(t.props, body)
	case tnefMessageProps:
		t.Then(t.messageProps(body))
	case tnefBody:
		m := &level.Member{Method: "stored", Size: body.Size()}
		level.AddName(m, mapiBodyNames[mapiBody], t.limits.NameBytes)
		t.Yield(m, body)
	case tnefCodePage:
		t.page = text.CodePage(input.NewFields(body, body.Size()).U32())
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
	var inside []level.Step
	for _, p := range t.props {
		inside = append(inside, t.attachmentProps(p, names))
	}
	t.Then(inside...)
	t.data, t.props, t.titles = nil, nil, nil
	return nil
}

func (t *tnefFile) attachment(names []string, body *io.SectionReader) {
	m := &level.Member{Method: "stored", Size: body.Size()}
	for _, name := range names {
		if name != "" {
			level.AddName(m, name, t.limits.NameBytes)
		}
	}
	t.Yield(m, body)
}
