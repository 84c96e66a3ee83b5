package pdf

import (
	"cmp"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/magic"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// stream examines a stream of the file.
func (x *index) stream(root int32, hit hit) error {
	st, err := x.describe(&x.parse, root, hit)
	if err != nil {
		return err
	}
	if st.xref {
		x.trailer(root)
	}
	if st.roles&roleFile != 0 {
		x.note(anomaly.PDFEmbedded)
	}
	if w := x.wants[st.num]; w != nil {
		w.seen = true
		st.roles |= w.roles
	}
	x.enter(st)
	if st.first >= 0 {
		if err := x.objectStreams(st); err != nil {
			return err
		}
	}
	if st.roles&roleMember != 0 {
		if len(x.files) <= x.limits.Members {
			x.files[st.at] = file{st.num, st.gen, st.roles}
		}
		return nil
	}
	return x.content(st)
}

// enter remembers the stream that reaches furthest: what is found inside of it may
// belong to a file that is embedded as it is.
func (x *index) enter(st *stream) {
	if st.sure && st.ends[0] > x.cover[1] {
		x.cover = [2]int64{st.start, st.ends[0]}
	}
}

// content counts a stream that belongs to the content member.
func (x *index) content(st *stream) error {
	for _, chain := range st.chains {
		ciphers, err := x.ciphers(st, chain)
		if err != nil {
			return err
		}
		switch {
		case len(ciphers) == 0:
			x.closed++
		case !picture(chain):
			x.contents++
		}
	}
	return nil
}

// picture reports whether a chain leads to an image codec.
func picture(chain []filter) bool {
	for i := range chain {
		if chain[i].image() {
			return true
		}
	}
	return false
}

// pair is an entry of an object stream's head (ISO 32000-1 section 7.5.7).
type pair struct{ num, at int64 }

// maxPairs bounds the objects of one object stream; writers put up to 200 into
// one.
const maxPairs = 1 << 18

// objectStreams reads an object stream in each way in which it can be decoded.
func (x *index) objectStreams(st *stream) error {
	for _, chain := range st.chains {
		ciphers, err := x.ciphers(st, chain)
		if err != nil {
			return err
		}
		for _, m := range ciphers {
			if err := x.objectStream(st, chain, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// objectStream reads the objects of one reading. They are read where the head
// says that they begin, in order; those that begin inside of others need another
// run, which has to be paid for.
func (x *index) objectStream(st *stream, chain []filter, m pdfCipher) error {
	var pairs []pair
	for run := 0; ; run++ {
		b, err := x.open(reading{st: st, end: st.furthest(), chain: chain, cipher: m})
		if err != nil {
			return nil // the content member says so
		}
		x.inside.lex.reset(nil, 0, &level.Marked{R: b})
		if run == 0 {
			pairs = x.pairs(st)
		}
		pairs = x.objectsIn(st, pairs)
		err = x.inside.lex.err
		b.release()
		if err != nil || len(pairs) == 0 {
			return err
		}
	}
}

// pairs reads the head: numbers of objects, and where they begin.
func (x *index) pairs(st *stream) (pairs []pair) {
	l := &x.inside.lex
	for int64(len(pairs)) < st.count && l.token() == pdfIntTok {
		num := l.num
		if l.token() != pdfIntTok {
			break
		}
		if len(pairs) == maxPairs {
			x.limited = true
			break
		}
		if at := st.first + l.num; at >= 0 {
			pairs = append(pairs, pair{num, at})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.num, b.num)) })
	return slices.Compact(pairs)
}

// objectsIn reads the objects that begin at or behind the lexer's position, and
// returns those that it met too late.
func (x *index) objectsIn(st *stream, pairs []pair) (late []pair) {
	p := &x.inside
	late = pairs[:0] // it never grows beyond what has been read
	outer := x.cur
	defer func() { x.cur = outer }()
	for from, to := 0, 0; from < len(pairs); from = to {
		at, stop := pairs[from].at, int64(1)<<62
		for to = from; to < len(pairs) && pairs[to].at == at; to++ {
		}
		if to < len(pairs) {
			stop = pairs[to].at
		}
		if p.lex.at() > at {
			late = append(late, pairs[from:to]...)
			continue
		}
		if !p.lex.skipTo(at) {
			return late
		}
		x.cur = def{tree: &p.tree, num: pairs[from].num, at: st.at, sub: at, inner: true}
		root, _ := p.object(stop, true)
		x.limited = x.limited || p.limited
		if p.escaped {
			x.note(anomaly.PDFEscaped)
		}
		for ; from < to; from++ { // several numbers can stand for one place
			x.objects++
			x.cur.num = pairs[from].num
			x.value(root)
		}
	}
	return late
}

// ciphers returns how a stream may be encrypted: as the file says, and not at all
// if the bytes look so; none if there is no key.
func (x *index) ciphers(st *stream, chain []filter) ([]pdfCipher, error) {
	m := x.cipher(st, chain)
	if m == pdfPlain {
		return []pdfCipher{pdfPlain}, nil
	}
	var list []pdfCipher
	if x.crypt.key != nil && m != pdfStrange {
		list = append(list, m)
	}
	head, err := x.peekAt(st.start)
	if err != nil {
		return nil, err
	}
	if looksPlain(chain, head) {
		list = append(list, pdfPlain)
	}
	return list, nil
}

// cipher is how the file says that a stream is encrypted.
func (x *index) cipher(st *stream, chain []filter) pdfCipher {
	c := x.crypt
	if c == nil || st.xref || st.metadata && !c.metadata {
		return pdfPlain
	}
	for i := range chain {
		if chain[i].name == "crypt" {
			return c.byName(chain[i].crypt)
		}
	}
	if st.roles&roleFile != 0 {
		return c.eff
	}
	return c.stm
}

// looksPlain reports whether bytes that are said to be encrypted are what the
// first filter expects.
func looksPlain(chain []filter, head []byte) bool {
	if len(chain) == 0 {
		return magic.Known(head)
	}
	switch chain[0].name {
	case "flate":
		return zlib.Header(head)
	case "lzw":
		return len(head) > 0 && head[0] == 0x80 // the clear code
	case "hex", "85":
		for _, c := range head[:min(len(head), 16)] {
			if c > '~' || c < ' ' && !isSpace(int(c)) {
				return false
			}
		}
		return len(head) > 0
	}
	return false
}
