package archive

import (
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// zipBody is the body of the current member.
type zipBody struct {
	z     *zipFile
	p     *planned
	in    *inflater         // of a deflated body
	plain *io.SectionReader // of a stored one
	crc   uint32
	n     int64 // decoded bytes
	ended bool  // the decoder came to its end or failed
	stop  int64 // offset behind the body, valid with ended
}

// open makes a planned member the current one. It returns nil if the same bytes
// were yielded already under the same names, or if a tentative reading fails.
func (z *zipFile) open(p *planned) (*Member, io.Reader) {
	m := p.member
	if z.known(p) {
		return nil, nil
	}
	z.body = zipBody{z: z, p: p}
	b := &z.body
	switch {
	case p.broken && p.key.data >= z.size || p.offDisk && p.broken:
		m.note(AnomalyNoLocal)
		m.Err = fmt.Errorf("no local header: %w", ErrMalformed)
		if p.offDisk {
			m.Err = fmt.Errorf("member on another volume: %w", ErrUnsupported)
		}
		return m, nil
	case m.Encrypted:
		method, plain := z.tryPlain(p)
		if !plain {
			m.Err = ErrEncrypted
			return m, nil
		}
		m.Encrypted = false
		m.note(AnomalyFakeEncryption)
		p.key.method, m.Method = method, methodName(method)
	case p.tentative && !z.decodes(p):
		z.body = zipBody{}
		return nil, nil
	}
	if p.broken {
		m.note(AnomalyNoLocal)
	}
	switch p.key.method {
	case methodStored:
		b.plain = saferead.Section(z.src, p.key.data, p.key.length, z.size)
	case methodDeflate:
		b.in = newInflater(saferead.Section(z.src, p.key.data, z.size, z.size))
	default:
		m.Err = fmt.Errorf("method %s: %w", m.Method, ErrUnsupported)
		return m, nil
	}
	return m, b
}

// known says whether a member was yielded already, and takes note of it.
func (z *zipFile) known(p *planned) bool {
	fresh := false
	for _, n := range p.member.Names {
		data, have := z.names[n]
		if !have {
			z.names[n] = p.key.data
		} else if data != p.key.data {
			p.member.note(AnomalyDuplicateName)
		}
		fresh = fresh || !have
	}
	if z.yielded[p.key] && !fresh {
		return true
	}
	z.yielded[p.key] = true
	return false
}

func (b *zipBody) Read(p []byte) (int, error) {
	var n int
	var err error
	if b.in != nil {
		n, err = b.in.Read(p)
	} else {
		n, err = b.plain.Read(p)
	}
	b.crc = crc32.Update(b.crc, crc32.IEEETable, p[:n])
	b.n += int64(n)
	if err == nil {
		return n, nil
	}
	b.mark()
	if err != io.EOF {
		if b.in == nil {
			return n, err
		}
		return n, bodyError(err)
	}
	if err := b.check(); err != nil {
		return n, err
	}
	return n, io.EOF
}

// mark notes where the body ended.
func (b *zipBody) mark() {
	b.ended = true
	b.stop = b.p.key.data + b.n
	if b.in != nil {
		b.stop = b.p.key.data + b.in.consumed()
	}
}

// check compares a body that was decoded to its end with what was declared.
func (b *zipBody) check() error {
	p, m := b.p, b.p.member
	if p.descr {
		d := b.z.descriptor(b.stop, b.stop-p.key.data)
		switch {
		case d.length > 0:
			p.crcs = addNumber(p.crcs, d.crc)
			p.sizes = addNumber(p.sizes, d.usize)
			b.stop += d.length
		case len(p.crcs) == 0:
			m.note(AnomalyBadDescriptor)
		}
		if p.key.method == methodStored && (p.claim < 0 || p.claim < b.n && d.length > 0) {
			m.note(AnomalyDescriptor)
		}
	}
	if b.in != nil && p.claim > b.in.consumed() {
		m.note(AnomalyTrailingBody)
	}
	if len(p.sizes) > 0 && !slices.Contains(p.sizes, b.n) {
		m.note(AnomalySize)
	}
	if m.Dir && b.n > 0 {
		m.note(AnomalyDirData)
	}
	if len(p.crcs) > 0 && !slices.Contains(p.crcs, b.crc) {
		m.note(AnomalyCRC)
		return fmt.Errorf("CRC: %w", ErrMalformed)
	}
	return nil
}

// end returns the offset behind the current member, as far as it is known.
func (b *zipBody) end() (int64, bool) {
	if b.p == nil {
		return 0, false
	}
	data, room := b.p.key.data, max(0, b.z.size-b.p.key.data)
	claim := min(b.p.claim, room)
	switch {
	case b.ended && b.plain != nil && claim >= 0:
		// Another reader may take the shortest of the declared lengths.
		return data + claim + max(0, b.stop-data-b.n), true
	case b.ended:
		return b.stop, true
	case claim >= 0 && b.p.descr:
		return data + claim + b.z.descriptor(data+claim, claim).length, true
	case claim >= 0:
		return data + claim, true
	case b.plain != nil:
		return data + b.p.key.length, true
	}
	return data, true
}

func (b *zipBody) close() {
	if b.in != nil {
		b.in.release()
	}
	*b = zipBody{}
}

// descriptor is a data descriptor, APPNOTE.TXT section 4.3.9.
type descriptor struct {
	length int64 // of the record itself; 0 if there is none that fits
	crc    uint32
	usize  int64
}

// descriptor reads the record at off, behind a body of csize compressed bytes.
// Its signature is optional, and its sizes have 4 or 8 bytes.
func (z *zipFile) descriptor(off, csize int64) descriptor {
	b, err := saferead.UpTo(z.src, off, 24, z.size, 24)
	if err != nil || len(b) < 12 {
		return descriptor{}
	}
	b = append(b, make([]byte, 24)...) // so that no field is out of range
	sig := int64(0)
	if string(b[:4]) == string(sigDescriptor) {
		sig = 4
		b = b[4:]
	}
	wide := int64(le.Uint64(b[4:])) == csize
	narrow := int64(le.Uint32(b[4:])) == csize&0xffffffff
	if wide && narrow { // an empty body: what follows decides
		wide = string(b[12:14]) != "PK" && le.Uint64(b[12:]) == 0
	}
	switch {
	case wide:
		return descriptor{sig + 20, le.Uint32(b), int64(le.Uint64(b[12:]))}
	case narrow:
		return descriptor{sig + 12, le.Uint32(b), int64(le.Uint32(b[8:]))}
	}
	return descriptor{}
}
