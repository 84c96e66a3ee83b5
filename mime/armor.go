package mime

import (
	"bytes"
	"fmt"
	"strings"
)

// Base64 in a text, between lines that say what it is: RFC 7468 (PEM: PKCS #7,
// certificates, keys), RFC 9580 section 6 (OpenPGP's ASCII armor), and POSIX
// uuencode -m.
var (
	armorBegin = []byte("-----BEGIN ")
	armorEnd   = []byte("-----END ")
	armorRule  = []byte("-----")
	lineFeed   = []byte("\n")
)

// maxArmorLabel is the longest label that is read, in bytes.
const maxArmorLabel = 64

// armorLabel reads "-----BEGIN PKCS7-----".
func armorLabel(line, mark []byte) (label string, ok bool) {
	rest, ok := bytes.CutPrefix(line, mark)
	if !ok {
		return "", false
	}
	i := bytes.Index(rest[:min(len(rest), maxArmorLabel+len(armorRule))], armorRule)
	if i < 1 {
		return "", false
	}
	label = string(rest[:i])
	return label, label != "PGP SIGNED MESSAGE" // the text itself, until the signature
}

const cmsType = "application/pkcs7-mime"

// armorType is the media type of what an armor of this label holds.
func armorType(label string) string {
	switch {
	case label == "PKCS7" || label == "CMS" || label == "PKCS #7 SIGNED DATA":
		return cmsType
	case label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE":
		return "application/pkix-cert"
	case strings.HasPrefix(label, "PGP MESSAGE"):
		return "application/pgp-encrypted"
	case strings.HasPrefix(label, "PGP SIGNATURE"):
		return "application/pgp-signature"
	case strings.HasPrefix(label, "PGP"):
		return "application/pgp-keys"
	}
	return "application/octet-stream"
}

func isKeyLabel(label string) bool { return strings.HasSuffix(label, "PRIVATE KEY") }

// armorFile extracts base64 between its lines.
type armorFile struct {
	e    *Entity
	d    *base64Decoder // nil if the message has no room
	to   *leaf
	posx bool // uuencode -m, which ends with "===="
	key  bool // a private key, of which no program makes a file, encrypted or not
	pgp  bool // a last line of "=" and four characters is a checksum
	head armorHead
	peek *packetPeek // of a PGP message
}

// armorHead says whether the fields before the base64 may still come.
type armorHead uint8

const (
	armorFirst  armorHead = iota // the next line is the first
	armorFields                  // within the fields
	armorData                    // within the base64
)

func newBase64File(c *carver, b begin) *armorFile {
	f := &armorFile{e: c.entity("application/octet-stream", "base64"), posx: true, head: armorData}
	b.addName(f.e)
	f.open(c.w)
	return f
}

func newArmorFile(c *carver, line []byte) *armorFile {
	label, _ := armorLabel(line, armorBegin)
	f := &armorFile{e: c.entity(armorType(label), "base64"), key: isKeyLabel(label), pgp: strings.HasPrefix(label, "PGP")}
	f.open(c.w)
	if f.d != nil && f.e.MediaType == "application/pgp-encrypted" {
		f.peek = &packetPeek{sink: f.to, e: f.e}
		f.d.to = f.peek
	}
	return f
}

func (f *armorFile) open(w *Walker) {
	if l := newLeaf(w, f.e, false); l != nil {
		f.to = l
		f.d = &base64Decoder{e: new(Entity), to: l, met: allBase64Doubts}
	}
}

func (f *armorFile) take(line []byte, p piece) (extent, error) {
	if p.first {
		switch {
		case bytes.HasPrefix(line, armorEnd):
			return fileEnds, nil
		case f.posx && bytes.Equal(bytes.TrimRight(line, " \t"), []byte("====")):
			return fileEnds, nil
		case f.fields(line):
			return fileGoesOn, nil
		case f.pgp && len(line) == 5 && line[0] == '=':
			return fileGoesOn, nil
		}
		if isBase64Text(line) {
			f.e.note(AnomalyBadArmor)
		}
	}
	if f.d == nil || f.head != armorData {
		return fileGoesOn, nil
	}
	if err := f.d.write(line); err != nil || !p.last {
		return fileGoesOn, err
	}
	return fileGoesOn, f.d.write(lineFeed)
}

// fields reports whether the line is one of the fields before the base64 (RFC 1421
// section 4.6, RFC 9580 section 6.2.2), or the blank line that ends them.
func (f *armorFile) fields(line []byte) bool {
	blank := len(bytes.TrimRight(line, " \t")) == 0
	if f.head == armorData {
		return blank
	}
	folded := f.head == armorFields && !blank && (line[0] == ' ' || line[0] == '\t')
	if folded || bytes.Contains(line, []byte(": ")) {
		f.head = armorFields
		if !f.key && bytes.HasPrefix(line, []byte("Proc-Type: ")) && bytes.HasSuffix(bytes.TrimRight(line, " \t"), []byte("ENCRYPTED")) {
			f.e.fault(fmt.Errorf("mime: PEM: %w", ErrEncrypted))
		}
		return true
	}
	f.head = armorData
	return blank
}

func (f *armorFile) close(cut bool) error {
	if f.d == nil {
		return nil
	}
	if cut {
		f.e.note(AnomalyBadArmor)
	}
	return f.d.close()
}

func (f *armorFile) snapshot(label string) error {
	if f.d == nil {
		return nil
	}
	return f.d.snapshot(label, nil)
}

func (f *armorFile) branch(label string) extractor {
	if f.d == nil {
		return nil
	}
	to, ok := branchOff(f.e, f.to, label).(*leaf)
	if !ok {
		return nil
	}
	n := *f
	d := *f.d
	d.line = bytes.Clone(d.line)
	n.e, n.to, n.d = to.e, to, &d
	d.to = to
	if f.peek != nil {
		n.peek = &packetPeek{sink: to, e: to.e, seen: f.peek.seen}
		d.to = n.peek
	}
	return &n
}

// packetPeek looks at the first packet of an OpenPGP message and says what it is:
// encrypted, or a form that nothing here opens.
type packetPeek struct {
	sink
	e    *Entity
	seen bool
}

func (k *packetPeek) write(p []byte) error {
	if !k.seen && len(p) > 0 {
		k.seen = true
		if p[0]&0x80 == 0 {
			k.e.note(AnomalyBadArmor) // no packet: nobody gets anything out of it
		} else {
			k.e.fault(packetFault(p[0]))
		}
	}
	return k.sink.write(p)
}

// packetFault judges a message by its first packet (RFC 9580 section 4.2).
func packetFault(first byte) error {
	tag := first & 0x3f // the new format
	if first&0x40 == 0 {
		tag >>= 2
	}
	switch {
	case tag == 1, tag == 3, tag == 9, tag == 18, tag == 20:
		return fmt.Errorf("mime: OpenPGP message: %w", ErrEncrypted)
	}
	return fmt.Errorf("mime: OpenPGP message of packet %d: %w", tag, ErrUnsupported)
}
