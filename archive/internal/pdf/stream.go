package pdf

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// Bounds of one stream's description.
const (
	pdfFilters  = 16   // filters in a chain; honest ones have up to three
	pdfVariants = 4    // lengths, chains
	pdfLineRest = 64   // bytes behind "stream" in which its line may end
	pdfReadOn   = 5000 // bytes that may be read behind "endstream"
	pdfTailRoom = 48   // bytes behind a declared end in which "endstream" may begin
)

// stream is a stream of the file as its dictionary describes it.
type stream struct {
	num, gen int64
	at       int64 // behind its "obj", which identifies it
	start    int64 // of the data
	first    int64 // of an object stream: where its objects begin; -1 if it is none
	count    int64 // of an object stream: its objects
	roles    role
	xref     bool
	metadata bool

	ends   []int64    // where the data may end, the likeliest first
	sure   bool       // the first of ends is a declared one, and "endstream" is there
	chains [][]filter // the filters, in each way in which they can be read
	long   bool       // a chain is longer than pdfFilters
}

// furthest is the end that loses nothing.
func (st *stream) furthest() int64 {
	far := st.start
	for _, e := range st.ends {
		far = max(far, e)
	}
	return far
}

// describe reads the dictionary root of the parser's tree, whose "stream" the
// lexer has just passed.
func (x *index) describe(p *parser, root int32, hit hit) (*stream, error) {
	t := &p.tree
	st := &stream{num: hit.num, gen: hit.gen, at: hit.at, first: -1}
	st.start = dataStart(&p.lex)
	if p.lex.err != nil {
		return nil, p.lex.err
	}
	if i := t.field(root, pdfKeyFirst); i != 0 && t.vals[i].kind == pdfInt {
		st.first, st.count = t.vals[i].n, t.int(root, pdfKeyN, 0)
	}
	st.xref = t.hasField(root, pdfKeyType, "XRef")
	st.metadata = t.hasField(root, pdfKeyType, "Metadata")
	if t.hasField(root, pdfKeyType, "EmbeddedFile") {
		st.roles |= roleFile
	}
	if t.hasField(root, pdfKeyType, "3D") {
		st.roles |= role3D
	}
	x.readChains(t, root, st)
	return st, x.readEnds(t, root, st)
}

// dataStart goes past the end of line behind "stream". QUIRK: section 7.3.8.1 wants
// CRLF or LF. Readers also take spaces before it, a CR alone, or nothing; and some
// (pdf.js, poppler) pass whatever else stands on the line.
func dataStart(l *lexer) int64 {
	for l.peek() == ' ' {
		l.pos++
	}
	if c := l.peek(); c != '\r' && c != '\n' && !zlib.Header(l.buf[l.pos:]) {
		for n := 0; n < pdfLineRest && l.pos+n < len(l.buf); n++ {
			if c := l.buf[l.pos+n]; c == '\r' || c == '\n' {
				l.pos += n
				break
			}
		}
	}
	if l.peek() == '\r' {
		l.pos++
	}
	if l.peek() == '\n' {
		l.pos++
	}
	return l.at()
}

// readEnds collects where the data may end: at each declared length behind which
// "endstream" stands; if there is none, at the first "endstream" and at the
// declared lengths, which some readers believe all the same.
func (x *index) readEnds(t *tree, root int32, st *stream) error {
	var declared []int64
	for i := t.vals[root].child; i != 0 && len(declared) < pdfVariants; i = t.vals[i].next {
		if t.vals[i].key != pdfKeyLength {
			continue
		}
		switch t.vals[i].kind {
		case pdfInt:
			declared = addEnd(declared, st.start, t.vals[i].n, x.size)
		case pdfRef:
			for _, n := range x.ints.of(t.vals[i].n) {
				declared = addEnd(declared, st.start, n, x.size)
			}
		}
	}
	for _, end := range declared {
		ok, err := x.endsAt(end)
		if err != nil {
			return err
		}
		if ok {
			st.ends = append(st.ends, end)
		}
	}
	if st.sure = len(st.ends) > 0; st.sure {
		return nil
	}
	return x.searchEnds(st, declared)
}

// searchEnds collects the ends of a stream none of whose declared lengths is right.
func (x *index) searchEnds(st *stream, declared []int64) error {
	end, err := x.scan.end.next(st.start, x.work)
	if err != nil {
		return err
	}
	// QUIRK: section 7.3.8.1 puts an end of line before "endstream"; some readers that
	// search for it take that for data.
	trimmed, err := x.trimLine(st.start, end)
	if err != nil {
		return err
	}
	st.ends = append(st.ends, trimmed)
	// mupdf begins its search behind the length that it was told.
	for _, d := range declared {
		after, err := x.later.next(d, x.work)
		if err != nil {
			return err
		}
		if after == x.size {
			continue
		}
		trimmed, err := x.trimLine(st.start, after)
		if err != nil {
			return err
		}
		declared = append(declared, trimmed, after)
	}
	declared = append(declared, end)
	if len(st.chains[0]) > 0 {
		// QUIRK: poppler reads on behind an "endstream" that it did not expect, and a
		// decoder that knows its own end then decodes what others leave.
		declared = append(declared, min(end+pdfReadOn, x.size))
	}
	for _, end := range declared {
		if !slices.Contains(st.ends, end) {
			st.ends = append(st.ends, end)
		}
	}
	return nil
}

func addEnd(list []int64, start, n, size int64) []int64 {
	if n < 0 {
		return list
	}
	end := start + min(n, size-start)
	for _, have := range list {
		if have == end {
			return list
		}
	}
	if len(list) == pdfVariants {
		return list
	}
	return append(list, end)
}

// endsAt reports whether a stream's end mark stands at a position, white space
// apart.
func (x *index) endsAt(end int64) (bool, error) {
	b, err := x.peekAt(end)
	b = bytes.TrimLeft(b, "\x00\t\n\f\r ")
	return bytes.HasPrefix(b, []byte("endstream")) || bytes.HasPrefix(b, []byte("endobj")), err
}

// peekAt reads a few bytes. They are valid until the next call.
func (x *index) peekAt(at int64) ([]byte, error) {
	n, err := x.src.ReadAt(x.few[:min(int64(len(x.few)), max(0, x.size-at))], at)
	if err != nil && err != io.EOF {
		return nil, &level.SourceError{Err: err}
	}
	return x.few[:n], nil
}

// trimLine takes the end of line before "endstream" off the data.
func (x *index) trimLine(start, end int64) (int64, error) {
	from := max(start, end-2)
	b, err := x.peekAt(from)
	b = b[:min(int64(len(b)), end-from)]
	switch {
	case bytes.HasSuffix(b, []byte("\r\n")):
		return end - 2, err
	case bytes.HasSuffix(b, []byte("\n")), bytes.HasSuffix(b, []byte("\r")):
		return end - 1, err
	}
	return end, err
}

// readChains reads /Filter and /DecodeParms in each way in which they are given.
func (x *index) readChains(t *tree, root int32, st *stream) {
	var filters, parms []def
	for i := t.vals[root].child; i != 0; i = t.vals[i].next {
		switch t.vals[i].key {
		case pdfKeyFilter:
			filters = x.resolve(filters, t, i)
		case pdfKeyF: // QUIRK: readers take the key of inline images, if it is no file
			if k := t.vals[i].kind; k == pdfName || k == pdfArray && t.vals[t.vals[i].child].kind == pdfName {
				filters = x.resolve(filters, t, i)
			}
		case pdfKeyParms:
			parms = x.resolve(parms, t, i)
		}
	}
	if len(filters) == 0 {
		st.chains = [][]filter{nil}
		return
	}
	if len(parms) == 0 {
		parms = []def{{tree: t}}
	}
	for _, f := range filters {
		for _, p := range parms {
			if len(st.chains) < pdfVariants {
				chain, long := x.chain(f, p)
				st.chains = append(st.chains, chain)
				st.long = st.long || long
			}
		}
	}
}

// chain reads one value of /Filter with one of /DecodeParms.
func (x *index) chain(f, p def) (chain []filter, long bool) {
	fv, pv := f.tree.vals[f.root], p.tree.vals[p.root]
	if fv.kind != pdfArray {
		if pv.kind == pdfArray {
			p.root = pv.child
		}
		return []filter{x.filter(f, p)}, false
	}
	if pv.kind == pdfArray {
		p.root = pv.child
	}
	for i := fv.child; i != 0; i = f.tree.vals[i].next {
		if len(chain) == pdfFilters {
			return chain, true
		}
		f.root = i
		chain = append(chain, x.filter(f, p))
		p.root = p.tree.vals[p.root].next
		if pv.kind != pdfArray {
			p.root = 0
		}
	}
	return chain, fv.cut
}

// filter reads one filter and its parameters.
func (x *index) filter(f, p def) filter {
	if one := x.resolve(nil, f.tree, f.root); len(one) > 0 {
		f = one[len(one)-1]
	}
	if one := x.resolve(nil, p.tree, p.root); len(one) > 0 {
		p = one[len(one)-1]
	}
	out := filter{early: true}
	if f.tree.vals[f.root].kind == pdfName {
		out.name = filterNames[string(f.tree.str(f.root))]
	}
	if p.tree.vals[p.root].kind != pdfDict {
		return out
	}
	out.crypt = string(p.tree.str(p.tree.field(p.root, pdfKeyName)))
	out.early = p.tree.int(p.root, pdfKeyEarly, 1) != 0
	out.predict = p.tree.int(p.root, pdfKeyPredictor, 1)
	out.colors = p.tree.int(p.root, pdfKeyColors, 1)
	out.bits = p.tree.int(p.root, pdfKeyBits, 8)
	out.columns = p.tree.int(p.root, pdfKeyColumns, 1)
	return out
}

// method names a chain for Member.Method.
func method(chain []filter) string {
	if len(chain) == 0 {
		return "stored"
	}
	var names []string
	for _, f := range chain {
		if f.name == "" {
			f.name = "unknown"
		}
		names = append(names, f.name)
	}
	return strings.Join(names, "+")
}
