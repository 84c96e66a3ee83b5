package office

import (
	"cmp"
	"encoding/binary"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Records and marks of encryption ([MS-PPT] sections 2.3.2 to 2.3.7).
const (
	pptUserEdit    = 0x0FF5
	pptPersist     = 0x1772
	pptCrypt       = 0x2F14
	pptCryptToken  = 0xF3D1C4DF
	pptPersistMost = 1 << 16 // entries of the list of records
)

// pptUser is what the stream "Current User" says.
type pptUser struct {
	token uint32 // pptCryptToken if the presentation is encrypted
	edit  int64  // offset of the record with which the lists begin
}

func (o *oleFile) pptUser(s *oleStream) (u pptUser, err error) {
	at := o.c.Child(o.c.Entries[s.index].Parent, "Current User")
	if at < 0 {
		return u, nil
	}
	user, err := o.open(at)
	if err != nil {
		return u, err
	}
	f := input.NewFields(user, user.Size)
	f.Skip(pptRecordHead + 4)
	u.token = f.U32()
	u.edit = int64(f.U32())
	return u, f.Err
}

// pptRecord is a record that is encrypted by itself.
type pptRecord struct {
	id     uint32 // which is also the number of the key
	at     int64
	length int64 // with its head
}

// pptEncrypted yields an encrypted presentation.
func (o *oleFile) pptEncrypted(s *oleStream, user pptUser) error {
	m := s.member
	m.Encrypted = true
	records, crypt, err := s.pptLists(user.edit)
	if err != nil {
		return err
	}
	key, err := s.pptKey(records, crypt)
	if err != nil {
		return err
	}
	if key != nil {
		m.Password = o.officeKeys(rc4Cost, key.unlock)
	}
	if m.Password == "" {
		o.broken(m, "presentation", level.ErrEncrypted)
		return nil
	}
	plain := &pptBody{s: s, key: key}
	var objects []level.Step
	for _, r := range records {
		if r.id == crypt {
			continue
		}
		head, err := s.pptHead(key, &r)
		if err != nil {
			return err
		}
		plain.add(r)
		if binary.LittleEndian.Uint16(head[2:]) == pptObject {
			compressed := binary.LittleEndian.Uint16(head[:])>>4 == 1
			objects = append(objects, o.pptDecrypt(s, key, r, compressed, len(objects)+1))
		}
	}
	o.Yield(m, plain)
	o.Then(objects...)
	return nil
}

// pptHead decrypts a record's head, and takes the record's length from it.
func (s *oleStream) pptHead(key *rc4Key, r *pptRecord) (head [pptRecordHead]byte, err error) {
	got, err := s.ReadAt(head[:], r.at)
	if err == io.EOF {
		err = nil
	}
	key.block(r.id).XORKeyStream(head[:got], head[:got])
	r.length = min(pptRecordHead+int64(binary.LittleEndian.Uint32(head[4:])), max(0, s.Size-r.at))
	return head, err
}

// pptDecrypt yields an object that is an encrypted record.
func (o *oleFile) pptDecrypt(s *oleStream, key *rc4Key, r pptRecord, compressed bool, number int) level.Step {
	return func() error {
		body := &pptBody{s: s, key: key, records: []pptRecord{r}, off: r.at}
		if _, err := io.CopyN(io.Discard, body, pptRecordHead); err != nil && err != io.EOF {
			return err
		}
		n := max(0, r.length-pptRecordHead)
		o.pptObject(s, io.LimitReader(body, n), n, compressed, number)
		return nil
	}
}

// pptLists reads the list of the records, ascending, and the identifier of the one
// that describes the encryption.
func (s *oleStream) pptLists(edit int64) (records []pptRecord, crypt uint32, err error) {
	f := input.NewFields(s, s.Size)
	f.Off = edit
	if _, kind := f.U16(), f.U16(); kind != pptUserEdit {
		return nil, 0, f.Err
	}
	f.Skip(4 + 12)
	list := int64(f.U32())
	f.Skip(12)
	crypt = f.U32()
	f.Off = list
	if _, kind := f.U16(), f.U16(); kind != pptPersist {
		return nil, 0, f.Err
	}
	end := int64(f.U32()) + f.Off
	for f.Off < end && !f.Short && len(records) < pptPersistMost {
		head := f.U32()
		first, count := head&0xFFFFF, head>>20
		for i := range count {
			at := int64(f.U32())
			if f.Short || len(records) == pptPersistMost {
				break
			}
			records = append(records, pptRecord{id: first + i, at: at})
		}
	}
	slices.SortFunc(records, func(a, b pptRecord) int { return cmp.Compare(a.at, b.at) })
	return records, crypt, f.Err
}

// pptKey reads the description of the encryption; nil if it cannot be had.
func (s *oleStream) pptKey(records []pptRecord, crypt uint32) (*rc4Key, error) {
	i := slices.IndexFunc(records, func(r pptRecord) bool { return r.id == crypt })
	if i < 0 {
		return nil, nil
	}
	f := input.NewFields(s, s.Size)
	f.Off = records[i].at
	if _, kind := f.U16(), f.U16(); kind != pptCrypt {
		return nil, f.Err
	}
	return parseRC4(f.Some(int64(f.U32()), maxEncryptionInfo)), f.Err
}

// add adds a record. What overlaps the one before is in no honest file.
func (b *pptBody) add(r pptRecord) {
	if n := len(b.records); n == 0 || r.at >= b.records[n-1].at+b.records[n-1].length {
		b.records = append(b.records, r)
	}
}

// pptBody decrypts a presentation's stream: each record in the list with a key stream
// of its own; what is between them is plain.
type pptBody struct {
	s       *oleStream
	key     *rc4Key
	records []pptRecord // those not passed yet, ascending
	off     int64
	now     rc4Stream
}

func (b *pptBody) Read(p []byte) (int, error) {
	n, err := b.s.ReadAt(p, b.off)
	for at := 0; at < n; {
		at += b.piece(p[at:n])
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// piece decrypts as much of p as is of one kind.
func (b *pptBody) piece(p []byte) int {
	for len(b.records) > 0 && b.off >= b.records[0].at+b.records[0].length {
		b.records = b.records[1:]
		b.now = rc4Stream{}
	}
	n := int64(len(p))
	if len(b.records) > 0 {
		if r := b.records[0]; b.off < r.at {
			n = min(n, r.at-b.off)
		} else {
			n = min(n, r.at+r.length-b.off)
			if b.now.key == nil {
				b.now = rc4Stream{key: b.key, now: b.key.block(r.id)}
			}
			b.now.raw(p[:n], b.off-r.at)
		}
	}
	b.off += n
	return int(n)
}
