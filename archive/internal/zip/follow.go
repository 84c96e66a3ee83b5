package zip

import (
	"bytes"
	"errors"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// maxFollowed bounds the readings that come to light while one group is read.
const maxFollowed = 32

// follow plans what the body that was current turned out to leave open. It is
// called once the body was read; of one that the caller skipped nothing is known.
func (z *file) follow(b *body) {
	p := b.p
	if b.ended && b.dec != nil {
		z.followLengths(b)
	}
	failed := errors.Is(p.member.Err, level.ErrUnsupported) || errors.Is(p.member.Err, level.ErrMalformed)
	if b.ended && !b.sound || failed && !p.offDisk {
		z.followMethods(b)
	}
}

// later plans one further reading of the present group.
func (z *file) later(p *planned) {
	if z.yielded[p.key] {
		return
	}
	if z.followed++; z.followed > maxFollowed {
		z.exceed("readings of one member")
		return
	}
	z.plan = append(z.plan, p)
}

// followLengths plans the parts of a body that readers extract who believe a
// declared size that is shorter than what is there.
func (z *file) followLengths(b *body) {
	p, k := b.p, b.p.key
	stored := k.method == methodStored
	for _, n := range p.csizes {
		if k.length < 0 && !stored && k.limit < 0 && n > 0 && n < b.stop-k.data {
			short := k
			short.length = n
			z.later(p.reading(short, "declared-size"))
		}
	}
	for _, n := range p.sizes {
		if k.limit < 0 && !stored && n > 0 && n < b.n {
			short := k
			short.limit = n
			z.later(p.reading(short, "declared-size"))
		}
	}
	// A size that is too short for a method that has no end mark.
	if claim := p.claim(); k.limit >= 0 && methods[k.method].sized && claim > b.stop-k.data+sizedSlack {
		whole := k
		whole.limit, whole.length = -1, claim
		z.later(p.reading(whole, "data"))
	}
}

// followMethods plans other ideas of what a body is that neither its CRC nor a
// cipher's check confirms.
func (z *file) followMethods(b *body) {
	p, k := b.p, b.p.key
	if p.seal != nil || k.sealed || p.tentative {
		return
	}
	open := bodyKey{data: k.data, length: -1, limit: -1}
	switch k.method {
	case methodDeflate:
		if b.ended && k.length < 0 && k.limit < 0 {
			other := k
			other.method = methodTolerant
			q := p.reading(other, "data")
			q.tentative, q.beyond = true, b.n
			z.later(q)
		}
	default:
		z.later(z.hidden(p, open))
	}
	if k.method != methodStored {
		z.followStored(p, k.data)
	}
	for _, data := range z.otherStarts() {
		if data != k.data {
			open.data = data
			z.later(z.hidden(p, open))
			z.followStored(p, data)
		}
	}
}

// followStored plans the tentative reading of a body as stored, under each length
// that is declared.
func (z *file) followStored(p *planned, data int64) {
	var tried []int64
	for _, n := range append(p.csizes[:len(p.csizes):len(p.csizes)], p.sizes...) {
		if n <= 0 || n > z.size-data {
			continue
		}
		if more := addNumber(tried, n); len(more) > len(tried) {
			tried = more
			q := p.reading(bodyKey{data: data, length: n, limit: -1}, "data")
			q.tentative = true
			level.Note(q.member, anomaly.OtherMethod)
			z.later(q)
		}
	}
}

// otherStarts are the offsets at which the body begins for readers that take
// the lengths of name and extra field from the directory.
func (z *file) otherStarts() []int64 {
	g := z.present
	var starts []int64
	for _, a := range z.accounts {
		if !a.central {
			continue
		}
		name, extra := int64(len(a.raw)), int64(len(a.rest))
		base := g.offset + localBytes
		starts = addNumber(starts, base+name)
		starts = addNumber(starts, base+name+extra)
		if g.local != nil {
			starts = addNumber(starts, base+name+int64(len(g.local.rest)))
			starts = addNumber(starts, base+int64(len(g.local.raw))+extra)
		}
		if len(starts) >= maxReadings {
			break
		}
	}
	return starts
}

// searchHeader looks for local headers in the name and the extra field of one.
func (z *file) searchHeader(g *group) {
	b := append(g.local.raw[:len(g.local.raw):len(g.local.raw)], g.local.rest...)
	for at := 0; ; at += 2 {
		i := bytes.Index(b[at:], sigLocal)
		if i < 0 {
			return
		}
		at += i
		z.keep(mark{g.offset + localBytes + int64(at), 3})
	}
}

// queue plans the local header at off for the present pass, if it can be one.
func (z *file) queue(off int64) error {
	sig, err := saferead.UpTo(z.src, off, localBytes, z.size, localBytes)
	if err != nil || z.byOffset[off] != nil || !plausibleLocal(sig, z.size-off) {
		return err
	}
	g := z.group(off)
	g.queued, g.unlisted = true, z.listed
	z.groups = append(z.groups, g)
	return nil
}
