package office

import (
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Bits of the flags in the head of Word's main stream ([MS-DOC] section 2.5.2), at
// offset 10.
const (
	wordFlags      = 10
	wordKeyLength  = 14 // offset of the length of the encryption's description
	wordEncrypted  = 1 << 8
	wordTable1     = 1 << 9
	wordObfuscated = 1 << 15
)

const (
	wordPlain = 68  // bytes of the main stream that are never encrypted
	wordPage  = 512 // the unit of RC4 encryption in a document, in bytes
)

// wordDocument yields Word's main stream. In an encrypted document the others that
// are encrypted with the same key come with it.
func (o *oleFile) wordDocument(s *oleStream) error {
	head, err := s.head(wordPlain)
	if err != nil {
		return err
	}
	if len(head) < wordPlain || binary.LittleEndian.Uint16(head[wordFlags:])&wordEncrypted == 0 {
		o.Yield(s.member, s.section())
		return nil
	}
	flags := binary.LittleEndian.Uint16(head[wordFlags:])
	m := s.member
	m.Encrypted = true
	key, password, err := o.wordKey(s, flags, binary.LittleEndian.Uint32(head[wordKeyLength:]))
	if err != nil {
		return err
	}
	if key == nil {
		o.broken(m, "document", level.ErrEncrypted)
		return nil
	}
	m.Password = password
	o.Yield(m, newRC4Body(s, key, wordPlain))
	data := o.c.Child(o.c.Entries[s.index].Parent, "Data")
	if data < 0 {
		return nil
	}
	d, err := o.open(data)
	if err != nil {
		return err
	}
	d.member.Encrypted, d.member.Password, d.member.Reading = true, password, "decrypted"
	o.Yield(d.member, newRC4Body(d, key, 0))
	return nil
}

// wordKey tries the passwords on a document. How it is encrypted stands at the
// start of the table stream ([MS-DOC] section 2.2.6).
func (o *oleFile) wordKey(s *oleStream, flags uint16, n uint32) (*rc4Key, string, error) {
	name := "0Table"
	if flags&wordTable1 != 0 {
		name = "1Table"
	}
	at := o.c.Child(o.c.Entries[s.index].Parent, name)
	if at < 0 || flags&wordObfuscated != 0 {
		return nil, "", nil
	}
	table, err := o.open(at)
	if err != nil {
		return nil, "", err
	}
	b, err := table.head(int(min(int64(n), table.Size, maxEncryptionInfo)))
	if err != nil {
		return nil, "", err
	}
	key := parseRC4(b)
	if key == nil {
		return nil, "", nil
	}
	password := o.officeKeys(rc4Cost, key.unlock)
	if password == "" {
		return nil, "", nil
	}
	return key, password, nil
}

// rc4Body decrypts a stream.
type rc4Body struct {
	in    io.Reader
	key   rc4Stream
	off   int64
	plain int64 // bytes at the start that are not encrypted
}

func newRC4Body(s *oleStream, key *rc4Key, plain int64) *rc4Body {
	return &rc4Body{in: &level.Marked{R: s.section()}, key: rc4Stream{key: key, unit: wordPage}, plain: plain}
}

func (r *rc4Body) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil && err != io.EOF {
		err = level.BodyError(err)
	}
	skip := min(int64(n), max(0, r.plain-r.off))
	r.key.apply(p[skip:n], r.off+skip)
	r.off += int64(n)
	return n, err
}
