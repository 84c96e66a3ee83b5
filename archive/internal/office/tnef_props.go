package office

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// tnefProps iterates over an attribute's MAPI properties ([MS-OXTNEF] section 2.1.3.4).
type tnefProps struct {
	f      *input.Fields
	left   uint32 // properties
	values uint32 // of the present one
	id     uint16
	typ    uint16 // without the bit for several values
	value  *io.SectionReader
}

// mapiMany is set in the type of a property with several values, mapiNamed is the
// first identifier of those that have a name of their own.
const (
	mapiMany  = 0x1000
	mapiNamed = 0x8000
)

func newTNEFProps(body *io.SectionReader) *tnefProps {
	p := &tnefProps{f: input.NewFields(body, body.Size())}
	p.left = p.f.U32()
	return p
}

// next reads the next value. It returns false at the end, and where the
// properties cannot be followed any further.
func (p *tnefProps) next() bool {
	for p.values == 0 {
		if p.left == 0 || p.f.Left() < 4 || p.f.Short || p.f.Err != nil {
			return false
		}
		p.left--
		p.head()
	}
	p.values--
	n := mapiFixed(p.typ)
	if n < 0 {
		n = int64(p.f.U32())
	}
	p.value = p.f.Rest(n)
	p.f.Skip((n + 3) &^ 3)
	if p.f.Off == p.f.Size {
		p.values = 0
	}
	return p.f.Err == nil
}

// head reads a property's identifier, type, name and number of values.
func (p *tnefProps) head() {
	typ := p.f.U16()
	p.id = p.f.U16()
	if p.id >= mapiNamed {
		p.f.Skip(16) // the name's space
		if kind := p.f.U32(); kind == 0 {
			p.f.Skip(4)
		} else {
			p.f.Skip((int64(p.f.U32()) + 3) &^ 3)
		}
	}
	p.typ, p.values = typ&^mapiMany, 1
	if typ&mapiMany != 0 || mapiFixed(p.typ) < 0 {
		p.values = p.f.U32()
	}
}

// mapiFixed is how many bytes a value of that type takes, padded; -1 if its length
// precedes it.
func mapiFixed(typ uint16) int64 {
	switch typ {
	case mapiString8, mapiUnicode, mapiBinary, mapiObject:
		return -1
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040: // double, currency, times, 64-bit integer
		return 8
	case 0x0048: // GUID
		return 16
	}
	return 4
}

// attachmentNames reads the names among an attachment's properties.
func (t *tnefFile) attachmentNames(body *io.SectionReader) ([]string, error) {
	var found [len(mapiNames)]string
	p := newTNEFProps(body)
	for p.next() {
		for i, id := range mapiNames {
			if p.id != id || found[i] != "" {
				continue
			}
			raw := make([]byte, min(p.value.Size(), int64(t.limits.NameBytes)))
			n, err := p.value.ReadAt(raw, 0)
			if err != nil && err != io.EOF {
				return nil, err
			}
			found[i] = mapiText(p.typ, raw[:n], t.page)
		}
	}
	var names []string
	for _, name := range found {
		if name != "" {
			names = append(names, name)
		}
	}
	return names, p.f.Err
}

// attachmentProps yields an attachment that is a property. One that is an object
// has the identifier of its interface before it: a message, as TNEF, or a storage,
// as a compound file ([MS-OXTNEF] section 2.1.3.4.1).
func (t *tnefFile) attachmentProps(body *io.SectionReader, names []string) level.Step {
	p := newTNEFProps(body)
	var again level.Step
	again = func() error {
		for p.next() {
			value := p.value
			switch {
			case p.id == mapiAttachData && p.typ == mapiObject:
				value = io.NewSectionReader(value, 16, max(0, value.Size()-16))
				t.attachment(names, value)
			case p.id == mapiAttachData && value.Size() > 0:
				t.attachment(names, value)
			case p.typ == mapiBinary && value.Size() >= mapiLarge:
				t.attachment(nil, value)
			default:
				continue
			}
			t.Then(again)
			return nil
		}
		return p.f.Err
	}
	return again
}

// messageProps yields the texts among the message's properties.
func (t *tnefFile) messageProps(body *io.SectionReader) level.Step {
	p := newTNEFProps(body)
	var again level.Step
	again = func() error {
		for p.next() {
			name := mapiBodyNames[p.id]
			if p.value.Size() == 0 || name == "" && (p.typ != mapiBinary || p.value.Size() < mapiLarge) {
				continue
			}
			t.Yield(mapiMember(p.id, p.typ, name, p.value, t.limits.NameBytes))
			t.Then(again)
			return nil
		}
		return p.f.Err
	}
	return again
}
