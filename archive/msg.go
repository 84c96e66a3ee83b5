package archive

import (
	"encoding/hex"
	"strings"

	"golang.org/x/text/encoding"
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
	var texts, inside []step
	for _, child := range o.c.entries[i].children {
		e := &o.c.entries[child]
		id, typ, isProperty := msgTag(e.name)
		switch {
		case e.isFolder() && strings.HasPrefix(strings.ToLower(e.name), msgAttachment):
			inside = append(inside, func() error { return o.msgAttachment(child, page) })
		case e.isFolder() && (e.is(msgNames) || strings.HasPrefix(strings.ToLower(e.name), msgRecipient)):
			inside = append(inside, o.msgFields(child))
		case e.isFolder():
			inside = append(inside, o.storage(child))
		case isProperty && mapiBodyNames[id] != "":
			texts = append(texts, o.msgText(child, id, typ))
		default:
			inside = append(inside, o.msgStream(child))
		}
	}
	o.then(append(texts, inside...)...)
	return nil
}

// msgText yields one form of the message's text.
func (o *oleFile) msgText(i int32, id, typ uint16) step {
	return func() error {
		s, err := o.open(i)
		if err != nil || s.size == 0 {
			return err
		}
		name := o.c.inFolder(o.c.entries[i].parent, mapiBodyNames[id])
		m, body := mapiMember(id, typ, name, s.section(), o.limits.NameBytes)
		m.Anomalies = append(m.Anomalies, s.member.Anomalies...)
		o.yield(m, body)
		return nil
	}
}

// msgFields looks at a storage with fields of the message.
func (o *oleFile) msgFields(i int32) step {
	return func() error {
		var inside []step
		for _, child := range o.c.entries[i].children {
			if o.c.entries[child].isFolder() {
				inside = append(inside, o.storage(child))
			} else {
				inside = append(inside, o.msgStream(child))
			}
		}
		o.then(inside...)
		return nil
	}
}

// msgStream yields a stream without a use, if it is not a property that is small,
// as every message has them.
func (o *oleFile) msgStream(i int32) step {
	return func() error {
		e := &o.c.entries[i]
		_, _, isProperty := msgTag(e.name)
		if isProperty && e.size < mapiLarge || e.is(msgProperties) && e.size < mapiFixedMost {
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
		o.c.label(i, names[0])
	}
	var inside []step
	for _, child := range o.c.entries[i].children {
		e := &o.c.entries[child]
		id, _, isProperty := msgTag(e.name)
		switch {
		case e.isFolder():
			if isProperty && id == mapiAttachData && len(names) > 0 {
				o.c.label(child, "")
			}
			inside = append(inside, o.storage(child))
		case isProperty && id == mapiAttachData:
			inside = append(inside, o.msgData(child, names))
		default:
			inside = append(inside, o.msgStream(child))
		}
	}
	o.then(inside...)
	return nil
}

func (o *oleFile) msgData(i int32, names []string) step {
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
				s.member.addName(o.c.inFolder(o.c.entries[o.c.entries[i].parent].parent, name), o.limits.NameBytes)
			}
			s.member.addName(name, o.limits.NameBytes)
		}
		o.yield(s.member, s.section())
		return nil
	}
}

// msgAttachmentNames reads an attachment's names.
func (o *oleFile) msgAttachmentNames(i int32, page encoding.Encoding) (names []string, err error) {
	for _, want := range mapiNames {
		for _, child := range o.c.entries[i].children {
			e := &o.c.entries[child]
			id, typ, ok := msgTag(e.name)
			if !ok || id != want || e.isFolder() || len(names) == maxNames {
				continue
			}
			s, err := o.open(child)
			if err != nil {
				return nil, err
			}
			raw, err := s.head(int(min(s.size, int64(o.limits.NameBytes))))
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
	s, err := o.open(o.c.child(i, msgProperties))
	if err != nil {
		return nil, err
	}
	head, err := s.head(int(min(s.size, 64<<10)))
	if err != nil {
		return nil, err
	}
	f := newFields(strings.NewReader(string(head)), int64(len(head)))
	f.skip(24)
	if i == 0 {
		f.skip(8)
	}
	page := uint32(0)
	for f.left() >= 16 {
		tag := f.u32()
		f.skip(4)
		value := f.u32()
		f.skip(4)
		switch tag {
		case mapiMessageCP<<16 | mapiInteger:
			return codePage(value), nil
		case mapiInternetCP<<16 | mapiInteger:
			page = value
		}
	}
	return codePage(page), nil
}
