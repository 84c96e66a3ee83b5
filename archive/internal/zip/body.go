package zip

import (
	"crypto/aes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// body is the body of the current member.
type body struct {
	z     *file
	p     *planned
	dec   bodyDecoder // nil if the body cannot be read
	crc   uint32
	n     int64 // decoded bytes
	ended bool  // the decoder came to its end or failed
	sound bool  // a declared CRC fits, or the cipher's own check does
	stop  int64 // offset behind the body, valid with ended
	tail  int64 // bytes of the data descriptor behind that
}

// section is the source of a body, through its cipher if it has one.
func (z *file) section(p *planned) io.Reader {
	from, n := p.key.data, z.size-p.key.data
	if p.key.length >= 0 {
		n = min(n, p.key.length)
	}
	s := p.seal
	if s == nil {
		return saferead.Section(z.src, from, n, z.size)
	}
	if p.key.length >= 0 {
		n -= s.tail
	}
	return s.open(saferead.Section(z.src, from+s.head, n-s.head, z.size))
}

// open makes a planned member the current one. It returns nil if the same bytes
// were yielded already under the same names, or if a tentative reading fails.
func (z *file) open(p *planned) (*level.Member, io.Reader) {
	m := p.member
	if z.known(p) {
		return nil, nil
	}
	z.body = body{z: z, p: p}
	switch {
	case p.lost || p.broken && (p.key.data >= z.size || p.offDisk):
		level.Note(m, anomaly.NoLocal)
		m.Err = fmt.Errorf("no local header: %w", level.ErrMalformed)
		if p.offDisk {
			m.Err = fmt.Errorf("member on another volume: %w", level.ErrUnsupported)
		}
		return m, nil
	case m.Encrypted && !p.plain && p.seal == nil:
		if m.Err = z.decrypt(p); m.Err != nil {
			return m, nil
		}
	case p.tentative && !z.proves(p):
		z.body = body{}
		return nil, nil
	}
	if p.broken {
		level.Note(m, anomaly.NoLocal)
	}
	if z.effort < 0 {
		z.exceed("bytes that members share")
		m.Err = fmt.Errorf("bytes that members share: %w", level.ErrLimit)
		return m, nil
	}
	dec, err := z.decoders.openBody(p.key.method, z.section(p), bodyHints{p.key.flags, p.key.limit})
	if err != nil {
		m.Err = err
		return m, nil
	}
	z.body.dec = dec
	return m, &z.body
}

// known says whether a member was yielded already, and takes note of it.
func (z *file) known(p *planned) bool {
	fresh := false
	for _, n := range p.member.Names {
		sum := sha256.Sum256([]byte(n))
		data, have := z.names[sum]
		if !have {
			z.names[sum] = p.key.data
		} else if data != p.key.data {
			level.Note(p.member, anomaly.DuplicateName)
		}
		fresh = fresh || !have
	}
	if z.yielded[p.key] && !fresh {
		return true
	}
	z.yielded[p.key] = true
	return false
}

func (b *body) Read(p []byte) (int, error) {
	limit := b.p.key.limit
	if limit >= 0 && b.n == limit {
		return 0, b.finish(io.EOF)
	}
	if limit >= 0 {
		p = p[:min(int64(len(p)), limit-b.n)]
	}
	n, err := b.dec.Read(p)
	b.crc = crc32.Update(b.crc, crc32.IEEETable, p[:n])
	b.n += int64(n)
	if err != nil {
		err = b.finish(err)
	}
	return n, err
}

// Work implements level.Worker.
func (b *body) Work() int64 { return workOf(b.dec) }

// workOf is what a decoder took beyond its method's cost since it was asked last.
func workOf(d bodyDecoder) int64 {
	if w, ok := d.(level.Worker); ok {
		return w.Work()
	}
	return 0
}

// finish notes where the body ended and says what its end is worth.
func (b *body) finish(err error) error {
	b.ended = true
	b.stop = b.p.key.data + b.dec.Consumed()
	if s := b.p.seal; s != nil {
		b.stop += s.head + s.tail
		b.stop += b.padding()
	}
	switch {
	case err == io.EOF:
	case errors.Is(err, level.ErrLimit):
		return err
	case b.n == 0 && b.p.empty():
		b.stop = b.p.key.data
	default:
		return level.BodyError(err)
	}
	if err := b.check(); err != nil {
		return err
	}
	return io.EOF
}

// padding is how many bytes of a padded ciphertext are left behind the body.
func (b *body) padding() int64 {
	for _, n := range b.p.csizes {
		if over := b.p.key.data + n - b.stop; b.p.seal.padded && over > 0 && over <= aes.BlockSize {
			return over
		}
	}
	return 0
}

// sizedSlack is how many bytes a decoder without an end mark may leave over: an
// end mark all the same, and what a range coder flushes.
const sizedSlack = 16

// check compares a body that was decoded to its end with what was declared.
func (b *body) check() error {
	p, m := b.p, b.p.member
	if p.descr {
		b.checkDescriptor()
	}
	slack := int64(0)
	if methods[p.key.method].sized {
		slack = sizedSlack
	}
	if p.key.method != methodStored && p.claim() > b.stop-p.key.data+slack {
		level.Note(m, anomaly.TrailingBody)
	}
	if len(p.sizes) > 0 && !slices.Contains(p.sizes, b.n) {
		level.Note(m, anomaly.Size)
	}
	if m.Dir && b.n > 0 {
		level.Note(m, anomaly.DirData)
	}
	if s := p.seal; s != nil && s.forged {
		level.Note(m, anomaly.Auth)
		return fmt.Errorf("authentication code: %w", level.ErrMalformed)
	}
	b.sound = slices.Contains(p.crcs, b.crc) || p.seal != nil && p.seal.proved
	if len(p.crcs) > 0 && !b.sound {
		level.Note(m, anomaly.CRC)
		return fmt.Errorf("CRC: %w", level.ErrMalformed)
	}
	return nil
}

func (b *body) checkDescriptor() {
	p, m := b.p, b.p.member
	stop := b.stop
	if methods[p.key.method].sized {
		// Such a decoder can stop before the last byte; a declared length says where
		// that is.
		for _, n := range p.csizes {
			if over := p.key.data + n - stop; over > 0 && over <= sizedSlack {
				stop += over
				break
			}
		}
	}
	d := b.z.descriptor(stop, stop-p.key.data)
	switch {
	case d.length > 0:
		p.crcs = addNumber(p.crcs, d.crc)
		p.sizes = addNumber(p.sizes, d.usize)
		b.stop, b.tail = stop, d.length
	case len(p.crcs) == 0:
		level.Note(m, anomaly.BadDescriptor)
	}
	if claim := p.claim(); p.key.method == methodStored && p.seal == nil && (claim < 0 || claim < b.n && d.length > 0) {
		level.Note(m, anomaly.Descriptor)
	}
}

// ends returns the offset from which the current member hides nothing more, and
// the offset up to which bytes belong to it, as far as they are known.
func (b *body) ends() (from, judged int64) {
	data := b.p.key.data
	room := max(0, b.z.size-data)
	claim := min(b.p.claim(), room)
	switch {
	case b.ended:
		from, judged = b.stop, b.stop+b.tail
		if methods[b.p.key.method].sized && claim > 0 && data+claim > judged && data+claim <= judged+sizedSlack {
			judged = data + claim
		}
		if claim > 0 {
			from = min(from, data+claim)
		}
		return from, judged
	case claim < 0 && b.p.key.length >= 0:
		claim = b.p.key.length
	case claim < 0:
		return data, data
	}
	from = data + claim
	if b.p.descr {
		judged = from + b.z.descriptor(from, claim).length
	}
	if b.p.member.Err != nil {
		from = data // what could not be read may hold anything
	}
	return from, max(judged, data+claim)
}

func (b *body) close() {
	if b.dec != nil {
		b.z.effort -= b.dec.Consumed()
		b.dec.Release()
	}
	*b = body{}
}
