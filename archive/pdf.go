package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

const (
	pdfHeadRoom = 1 << 10 // bytes within which readers accept "%PDF"
	pdfTail     = 1 << 10 // bytes from the end within which they look for "startxref" and "%%EOF"
	pdfScripts  = 256     // scripts that are members of their own; what is beyond comes in one
)

// detectPDF reports whether a reader might open the file: by its header, or
// without one by its objects, from which many readers rebuild a damaged file.
func detectPDF(p *probe) bool {
	if bytes.Contains(p.head[:min(len(p.head), pdfHeadRoom)], []byte("%PDF")) {
		return true
	}
	return p.met[markPDFEnd] && p.met[markPDFObject]
}

// pdfObjectAt reports whether the "obj" at an offset has the numbers of an object
// before it.
func (p *probe) pdfObjectAt(at int64) bool {
	start := max(0, at-pdfDigits)
	if at >= int64(len(p.head)) {
		start = max(start, p.size-int64(len(p.tail)))
	}
	_, _, ok := pdfNumbers(p.from(start)[:at-start])
	return ok
}

// pdfWalker yields embedded files, then scripts, then the content of all other
// streams as one member.
type pdfWalker struct {
	x     *pdfIndex
	files []int64 // where those that are members begin
	queue []*pdfMember
	used  map[string]int // names of scripts
	stage int
	body  interface{ close() }
}

// pdfMember is a member that is ready.
type pdfMember struct {
	m       *Member
	reading pdfReading
}

func openPDF(src io.ReaderAt, size int64, l Limits) (walker, error) {
	x := &pdfIndex{src: src, size: size, limits: l, work: &pdfWork{left: pdfWorkBase + pdfWorkTimes*min(size, 1<<40)}}
	header, err := x.findStart()
	if err != nil {
		return nil, err
	}
	switch err := x.build(); {
	case errors.Is(err, ErrLimit):
		x.limited = true
	case err != nil:
		return nil, unmarked(err)
	}
	switch {
	case x.objects == 0 && !header:
		return nil, ErrFormat
	case x.objects == 0 && !x.limited:
		return nil, fmt.Errorf("no objects: %w", ErrMalformed)
	}
	w := &pdfWalker{x: x, used: map[string]int{}}
	w.files = slices.Sorted(maps.Keys(x.files))
	return w, nil
}

func (w *pdfWalker) anomalies() []string { return w.x.notes }

func (w *pdfWalker) close() {
	if w.body != nil {
		w.body.close()
		w.body = nil
	}
}

func (w *pdfWalker) next() (*Member, io.Reader, error) {
	w.close()
	for len(w.queue) == 0 && len(w.files) > 0 {
		at := w.files[0]
		w.files = w.files[1:]
		if err := w.variants(at); err != nil {
			return nil, nil, err
		}
	}
	if len(w.queue) > 0 {
		return w.file()
	}
	if len(w.x.scripts) > 0 {
		m, body := w.script()
		return m, body, nil
	}
	for w.stage < 3 {
		w.stage++
		if m, body := w.rest(); m != nil {
			return m, body, nil
		}
	}
	if w.x.limited {
		return nil, nil, errPDFBound
	}
	return nil, nil, io.EOF
}

// rest returns the members that are not for one stream: what is encrypted, and
// the content.
func (w *pdfWalker) rest() (*Member, io.Reader) {
	x := w.x
	locked := func(name string) *Member {
		return &Member{Names: []string{name}, Size: -1, Encrypted: true, Err: fmt.Errorf("streams or strings: %w", ErrEncrypted)}
	}
	switch {
	case w.stage == 1 && x.shut > 0:
		return locked("scripts.js"), nil
	case w.stage == 2 && x.closed > 0:
		return locked("content"), nil
	case w.stage == 3 && x.contents > 0:
		c := newPDFContent(x)
		w.body = c
		m := &Member{Names: []string{"content"}, Size: -1, Method: "streams"}
		w.mark(m, x.crypt != nil && x.crypt.stm != pdfPlain)
		return m, c
	}
	return nil, nil
}

// mark says how a member is encrypted.
func (w *pdfWalker) mark(m *Member, encrypted bool) {
	if encrypted {
		m.Encrypted, m.Password = true, w.x.crypt.password
	}
}

// script returns the next script that stands in a string, or all that are left.
func (w *pdfWalker) script() (*Member, io.Reader) {
	list := w.x.scripts
	m := &Member{Size: -1, Method: "stored"}
	w.mark(m, w.x.crypt != nil && w.x.crypt.str != pdfPlain && w.x.crypt.key != nil)
	if w.used["\x00"]++; w.used["\x00"] > pdfScripts {
		w.x.scripts = nil
		m.Names = []string{"scripts.js"}
		var all []io.Reader
		for _, s := range list {
			all = append(all, bytes.NewReader(s.text), bytes.NewReader([]byte{'\n'}))
		}
		return m, io.MultiReader(all...)
	}
	w.x.scripts = list[1:]
	m.Names = []string{w.scriptName(list[0].num)}
	return m, bytes.NewReader(list[0].text)
}

func (w *pdfWalker) scriptName(num int64) string {
	name := fmt.Sprintf("script-%d", num)
	if w.used[name]++; w.used[name] > 1 {
		return fmt.Sprintf("%s-%d.js", name, w.used[name])
	}
	return name + ".js"
}

// variants queues the readings of a stream that is a member of its own.
func (w *pdfWalker) variants(at int64) error {
	x, f := w.x, w.x.files[at]
	x.cur = pdfDef{tree: &x.parse.tree, num: f.num, gen: f.gen, at: at}
	x.parse.dict = nil
	x.parse.lex.reset(nil, at, &source{io.NewSectionReader(x.src, at, x.size-at)})
	root, word := x.parse.object(x.size, false)
	if x.parse.lex.err != nil || word != "stream" {
		return w.trouble(x.parse.lex.err)
	}
	st, err := x.describe(&x.parse, root, pdfHit{at: at, num: f.num, gen: f.gen})
	if err != nil {
		return w.trouble(err)
	}
	st.roles = f.roles
	names := w.names(f)
	for i, end := range st.ends {
		for _, chain := range decodable(st.chains) {
			ciphers, err := x.ciphers(st, chain)
			if err != nil {
				return w.trouble(err)
			}
			if len(ciphers) == 0 {
				ciphers = []pdfCipher{pdfStrange}
			}
			for _, m := range ciphers {
				w.add(f, pdfReading{st: st, end: end, chain: chain, cipher: m, flate: pdfStrict}, i, names)
			}
		}
	}
	return nil
}

// decodable leaves out the chains with unknown filters, if there are others: no
// viewer gets anything out of them.
func decodable(chains [][]pdfFilter) [][]pdfFilter {
	known := slices.DeleteFunc(slices.Clone(chains), func(c []pdfFilter) bool {
		return slices.ContainsFunc(c, func(f pdfFilter) bool { return f.name == "" })
	})
	if len(known) > 0 {
		return known
	}
	return chains
}

// trouble is what Next makes of an error while members are prepared.
func (w *pdfWalker) trouble(err error) error {
	if errors.Is(err, ErrLimit) {
		w.x.limited = true
		return nil
	}
	if err != nil {
		return unmarked(err)
	}
	return nil
}

// add queues one reading.
func (w *pdfWalker) add(f pdfFile, r pdfReading, end int, names []string) {
	m := &Member{Size: -1, Method: pdfMethod(r.chain)}
	for _, name := range names {
		m.addName(name, w.x.limits.NameBytes)
	}
	if len(r.st.ends) > 1 {
		m.Reading = "length"
		if end == 0 && !r.st.sure {
			m.Reading = "endstream"
		}
	}
	c := w.x.crypt
	switch {
	case r.cipher == pdfStrange:
		m.Encrypted, m.Err = true, fmt.Errorf("object %d: %w", f.num, ErrEncrypted)
	case r.cipher != pdfPlain:
		m.Encrypted, m.Password = true, c.password
	}
	if r.st.long {
		m.Err = fmt.Errorf("filters: %w", ErrLimit)
	}
	w.queue = append(w.queue, &pdfMember{m, r})
}

// names are what the file specification calls a stream, or what it serves as.
func (w *pdfWalker) names(f pdfFile) (names []string) {
	if want := w.x.wants[f.num]; want != nil && f.roles&roleFile != 0 {
		names = want.names
	}
	if len(names) > 0 {
		return names
	}
	switch {
	case f.roles&roleScript != 0:
		return []string{w.scriptName(f.num)}
	case f.roles&roleXFA != 0:
		return []string{fmt.Sprintf("xfa-%d.xml", f.num)}
	case f.roles&role3D != 0:
		return []string{fmt.Sprintf("3d-%d", f.num)}
	}
	return []string{fmt.Sprintf("embedded-%d", f.num)}
}

// file opens the member that is first in the queue.
func (w *pdfWalker) file() (*Member, io.Reader, error) {
	next := w.queue[0]
	w.queue = w.queue[1:]
	m, r := next.m, next.reading
	if m.Err != nil {
		return m, nil, nil
	}
	body, err := w.x.open(r)
	if err != nil {
		m.Err = err
		return m, nil, nil
	}
	b := &pdfFileBody{w: w, body: body, m: m, size: r.end - r.st.start}
	w.body = b
	return m, b, nil
}

// pdfFileBody is the body of a stream that is a member of its own.
type pdfFileBody struct {
	w    *pdfWalker
	body *pdfBody
	m    *Member
	size int64 // encoded
	n    int64 // decoded so far
}

func (b *pdfFileBody) close() { b.body.release() }

// Read decodes what a viewer would show: the part before a fault. A file of which
// nothing at all can be decoded has not been examined.
func (b *pdfFileBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.n += int64(n)
	if err == nil {
		return n, nil
	}
	err = unmarked(err)
	if err == io.EOF && b.body.unknown {
		b.m.note(AnomalyPDFFilter)
		return n, fmt.Errorf("filter: %w", ErrUnsupported)
	}
	if err == io.EOF && b.body.damage.broken {
		b.m.note(AnomalyPDFDamaged)
		if again := b.body.reading; again.flate == pdfStrict && b.body.damage.strict {
			b.w.loosely(b.m, again)
		} else if b.n == 0 && b.size > 0 {
			err = fmt.Errorf("nothing could be decoded: %w", ErrMalformed)
		}
	}
	return n, err
}

// loosely queues another reading of a member whose deflate stream is broken.
func (w *pdfWalker) loosely(m *Member, r pdfReading) {
	r.flate = pdfLoose
	again := *m
	again.Anomalies = slices.Clone(m.Anomalies)
	again.Reading = strings.TrimPrefix(m.Reading+" loose", " ")
	w.queue = slices.Insert(w.queue, 0, &pdfMember{&again, r})
}
