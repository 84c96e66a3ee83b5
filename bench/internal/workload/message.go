package workload

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
)

// file is content that can be a part of a message or a member of an archive.
type file struct {
	name      string
	mediaType string
	data      []byte
	inner     []Object // what is in it; empty for a leaf
}

// objects returns the file, as encoded, and what is in it.
func (f *file) objects(c Coding, encoded []byte) []Object {
	self := Object{Coding: c, Encoded: encoded, Data: f.data, Sum: sha256.Sum256(f.data), Leaf: len(f.inner) == 0}
	return append([]Object{self}, f.inner...)
}

// part is a node of a message: a file, or a multipart of parts.
type part struct {
	file   file
	coding Coding
	inline bool   // no Content-Disposition: attachment
	cid    string // Content-ID, if any

	multipart string // subtype; then parts stand for the file
	parts     []part
}

func attach(f file) part { return part{file: f, coding: Base64} }

func body(mediaType string, c Coding, data []byte) part {
	return part{file: file{mediaType: mediaType, data: data}, coding: c, inline: true}
}

func multi(subtype string, parts ...part) part { return part{multipart: subtype, parts: parts} }

// compose writes the message whose body is p, and lists the objects in it.
func compose(subject string, p part) (raw []byte, objects []Object) {
	var c composer
	fmt.Fprintf(&c.out, "Received: from mx.example.net (mx.example.net [192.0.2.7])\r\n"+
		"\tby mail.example.org with ESMTPS id 4Zq1; Mon, 2 Jun 2025 10:11:12 +0000\r\n"+
		"From: Alice Example <alice@example.net>\r\nTo: Bob Example <bob@example.org>\r\n"+
		"Subject: %s\r\nDate: Mon, 2 Jun 2025 10:11:10 +0000\r\nMessage-ID: <4711@example.net>\r\n"+
		"MIME-Version: 1.0\r\n", subject)
	c.part(p)
	return c.out.Bytes(), c.objects
}

type composer struct {
	out        bytes.Buffer
	objects    []Object
	boundaries int
}

func (c *composer) part(p part) {
	if p.multipart != "" {
		c.multipart(p)
		return
	}
	fmt.Fprintf(&c.out, "Content-Type: %s", p.file.mediaType)
	if p.file.name != "" {
		fmt.Fprintf(&c.out, "; name=%q", p.file.name)
	}
	c.out.WriteString("\r\n")
	if !p.inline {
		fmt.Fprintf(&c.out, "Content-Disposition: attachment; filename=%q\r\n", p.file.name)
	}
	if p.cid != "" {
		fmt.Fprintf(&c.out, "Content-ID: <%s>\r\n", p.cid)
	}
	name, encoded := encode(p.coding, p.file.data)
	fmt.Fprintf(&c.out, "Content-Transfer-Encoding: %s\r\n\r\n", name)
	c.out.Write(encoded)
	c.objects = append(c.objects, p.file.objects(p.coding, encoded)...)
}

func (c *composer) multipart(p part) {
	c.boundaries++
	boundary := fmt.Sprintf("----=_Part_%03d_%08x", c.boundaries, 0x9e3779b9*uint32(c.boundaries))
	fmt.Fprintf(&c.out, "Content-Type: multipart/%s; boundary=%q\r\n\r\n", p.multipart, boundary)
	for _, child := range p.parts {
		fmt.Fprintf(&c.out, "--%s\r\n", boundary)
		c.part(child)
		c.out.WriteString("\r\n") // belongs to the delimiter (RFC 2046 section 5.1.1)
	}
	fmt.Fprintf(&c.out, "--%s--\r\n", boundary)
}

// lineBytes is what one line of base64 holds (RFC 2045 section 6.8).
const lineBytes = 57

func encode(c Coding, data []byte) (name string, encoded []byte) {
	switch c {
	case Base64:
		return "base64", base64Lines(data)
	case QuotedPrintable:
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Write(data) // a bytes.Buffer does not fail
		w.Close()
		return "quoted-printable", b.Bytes()
	}
	return "7bit", data
}

// base64Lines encodes data; the last line has no line end.
func base64Lines(data []byte) []byte {
	lines := (len(data) + lineBytes - 1) / lineBytes
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(data))+2*lines)
	for len(data) > lineBytes {
		out = base64.StdEncoding.AppendEncode(out, data[:lineBytes])
		out = append(out, "\r\n"...)
		data = data[lineBytes:]
	}
	return base64.StdEncoding.AppendEncode(out, data)
}

// newMail composes a message of the workload.
func newMail(name string, p part) *Mail {
	raw, objects := compose(name, p)
	root := file{data: raw, inner: objects}
	return &Mail{Name: name, Raw: raw, Objects: root.objects(Identity, raw)}
}

// forwarded makes a file of a message.
func forwarded(subject string, p part) file {
	raw, objects := compose(subject, p)
	return file{name: subject + ".eml", mediaType: "message/rfc822", data: raw, inner: objects}
}
