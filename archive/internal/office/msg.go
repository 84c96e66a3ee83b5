package office

import (
	"encoding/hex"
	"strings"

	"golang.org/x/text/encoding"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// Names of storages and streams of an Outlook message ([MS-OXMSG] section 2.2).
const (
	msgProperties = "__properties_version1.0"
	msgAttachment = "__attach_version1.0_"
	msgRecipient  = "__recip_version1.0_"
	msgNames      = "__nameid_version1.0"
	msgProperty   = "__substg1.0_"
)

// msgTag takes a property's identifier and type out of its stream's name: eight
// hexadecimal digits.
func msgTag(name string) (id, typ uint16, ok bool) {
	if len(name) < len(msgProperty)+8 || !strings.EqualFold(name[:len(msgProperty)], msgProperty) {
		return 0, 0, false
	}
	b, err := hex.DecodeString(name[len(msgProperty) : len(msgProperty)+8])
	if err != nil {
		return 0, 0, false
	}
	return uint16(b[0])<<8 | uint16(b[1]), uint16(b[2])<<8 | uint16(b[3]), true
}

// message opens the storage of a message: its texts, then its attachments. An
// embedded message is a storage too, whose turn comes as such.
func (o *oleFile) message(i int32) error {
	page, err := o.msgCodePage(i)
	if err != nil {
		return err
	}
	var texts, inside []level.Step
	for _, child := range o.c.Entries[i].Children {
		e := &o.c.Entries[child]
		id, typ, isProperty := msgTag(e.Name)
		switch {
		case e.IsFolder() && strings.HasPrefix(strings.ToLower(e.Name), msgAttachment):
			inside = append(inside, func() error { return o.msgAttachment(child, page) })
		case e.IsFolder() && (e.Is(msgNames) || strings.HasPrefix(strings.ToLower(e.Name), msgRecipient)):
			inside = append(inside, o.msgFields(child))
		case e.IsFolder():
			inside = append(inside, o.storage(child))
		case isProperty && mapiBodyNames[id] != "":
			texts = append(texts, o.msgText(child, id, typ))
		default:
			inside = append(inside, o.msgStream(child))
		}
	}
	o.Then(append(texts, inside...)...)
	return nil
}

// msgText yields one form of the message's text.
func (o *oleFile) msgText(i int32, id, typ uint16) level.Step {
	return func() error {
		s, err := o.open(i)
		if err != nil || s.Size == 0 {
			return err
		}
		name := o.c.InFolder(o.c.Entries[i].Parent, mapiBodyNames[id])
		m, body := mapiMember(id, typ, name, s.section(), o.limits.NameBytes)
		m.Anomalies = append(m.Anomalies, s.member.Anomalies...)
		o.Yield(m, body)
		return nil
	}
}

// msgFields looks at a storage with fields of the message.
func (o *oleFile) msgFields(i int32) level.Step {
	return func() error {
		var inside []level.Step
		for _, child := range o.c.Entries[i].Children {
			if o.c.Entries[child].IsFolder() {
				inside = append(inside, o.storage(child))
			} else {
				inside = append(inside, o.msgStream(child))
			}
		}
		o.Then(inside...)
		return nil
	}
}

// msgStream yields a stream without a use, if it is not a property that is small,
// as every message has them.
func (o *oleFile) msgStream(i int32) level.Step {
	return func() error {
		e := &o.c.Entries[i]
		_, _, isProperty := msgTag(e.Name)
		if isProperty && e.Size < mapiLarge || e.Is(msgProperties) && e.Size < mapiFixedMost {
			return nil
		}
		return o.stream(i)()
	}
}

// msgAttachment yields an attachment's bytes under its names. Where it is an
// embedded message or another program's object, it is a storage.
func (o *oleFile) msgAttachment(i int32, page encoding.Encoding) error {
	names, err := o.msgAttachmentNames(i, page)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		o.c.Label(i, names[0])
	}
	var inside []level.Step
	for _, child := range o.c.Entries[i].Children {
		e := &o.c.Entries[child]
		id, _, isProperty := msgTag(e.Name)
		switch {
		case e.IsFolder():
			if isProperty && id == mapiAttachData && len(names) > 0 {
				o.c.Label(child, "")
			}
			inside = append(inside, o.storage(child))
		case isProperty && id == mapiAttachData:
			inside = append(inside, o.msgData(child, names))
		default:
			inside = append(inside, o.msgStream(child))
		}
	}
	o.Then(inside...)
	return nil
}

func (o *oleFile) msgData(i int32, names []string) level.Step {
	return func() error {
		s, err := o.open(i)
		if err != nil {
			return err
		}
		if len(names) > 0 {
			s.member.Names = nil
		}
		for n, name := range names {
			if n == 0 {
				level.AddName(s.member, o.c.InFolder(o.c.Entries[o.c.Entries[i].Parent].Parent, name), o.limits.NameBytes)
			}
			level.AddName(s.member, name, o.limits.NameBytes)
		}
		o.Yield(s.member, s.section())
		return nil
	}
}

// msgAttachmentNames reads an attachment's names.
func (o *oleFile) msgAttachmentNames(i int32, page encoding.Encoding) (names []string, err error) {
	for _, want := range mapiNames {
		for _, child := range o.c.Entries[i].Children {
			e := &o.c.Entries[child]
			id, typ, ok := msgTag(e.Name)
			if !ok || id != want || e.IsFolder() || len(names) == level.MaxNames {
				continue
			}
			s, err := o.open(child)
			if err != nil {
				return nil, err
			}
			raw, err := s.head(int(min(s.Size, int64(o.limits.NameBytes))))
			if err != nil {
				return nil, err
			}
			if name := mapiText(typ, raw, page); name != "" {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// msgCodePage finds the code page of texts that are not Unicode, in the stream of
// those properties that have a fixed length ([MS-OXMSG] section 2.4): 16 bytes
// each, behind a header.
func (o *oleFile) msgCodePage(i int32) (encoding.Encoding, error) {
	s, err := o.open(o.c.Child(i, msgProperties))
	if err != nil {
		return nil, err
	}
	head, err := s.head(int(min(s.Size, 64<<10)))
	if err != nil {
		return nil, err
	}
	f := input.NewFields(strings.NewReader(string(head)), int64(len(head)))
	f.Skip(24)
	if i == 0 {
		f.Skip(8)
	}
	page := uint32(0)
	for f.Left() >= 16 {
		tag := f.U32()
		f.Skip(4)
		value := f.U32()
		f.Skip(4)
		switch tag {
		case mapiMessageCP<<16 | mapiInteger:
			return text.CodePage(value), nil
		case mapiInternetCP<<16 | mapiInteger:
			page = value
		}
	}
	return text.CodePage(page), nil
}
