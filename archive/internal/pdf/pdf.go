package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

const (
	pdfHeadRoom = 1 << 10 // bytes within which readers accept "%PDF"
	pdfTail     = 1 << 10 // bytes from the end within which they look for "startxref" and "%%EOF"
	pdfScripts  = 256     // scripts that are members of their own; what is beyond comes in one
)

// What shows a PDF file without its header.
var (
	markEndObj = &level.Mark{Text: "endobj", Even: 4, Odd: 3, Fits: func(*level.Probe, int64) bool { return true }}
	markObj    = &level.Mark{Text: "obj", Even: 0, Odd: 1, Fits: objectAt}
	marksPDF   = []*level.Mark{markEndObj, markObj}
)

// Format is how a PDF document is found and opened.
var Format = &level.Format{Name: "pdf", Detect: detect, Open: open, Marks: marksPDF}

// detect reports whether a reader might open the file: by its header, or
// without one by its objects, from which many readers rebuild a damaged file.
func detect(p *level.Probe) bool {
	if bytes.Contains(p.Head[:min(len(p.Head), pdfHeadRoom)], []byte("%PDF")) {
		return true
	}
	return p.Met(markEndObj) && p.Met(markObj)
}

// objectAt reports whether the "obj" at an offset has the numbers of an object
// before it.
func objectAt(p *level.Probe, at int64) bool {
	start := max(0, at-pdfDigits)
	if at >= int64(len(p.Head)) {
		start = max(start, p.Size-int64(len(p.Tail)))
	}
	_, _, ok := numbers(p.From(start)[:at-start])
	return ok
}

// walker yields embedded files, then scripts, then the content of all other
// streams as one member.
type walker struct {
	x     *index
	files []int64 // where those that are members begin
	queue []*member
	used  map[string]int // names of scripts
	stage int
	body  interface{ close() }
}

// member is a member that is ready.
type member struct {
	m       *level.Member
	reading reading
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	x := &index{src: src, size: size, limits: l, work: &input.Work{Left: workBase + workTimes*min(size, 1<<40)}}
	header, err := x.findStart()
	if err != nil {
		return nil, err
	}
	switch err := x.build(); {
	case errors.Is(err, level.ErrLimit):
		x.limited = true
	case err != nil:
		return nil, level.Unmarked(err)
	}
	switch {
	case x.objects == 0 && !header:
		return nil, level.ErrFormat
	case x.objects == 0 && !x.limited:
		return nil, fmt.Errorf("no objects: %w", level.ErrMalformed)
	}
	w := &walker{x: x, used: map[string]int{}}
	w.files = slices.Sorted(maps.Keys(x.files))
	return w, nil
}

func (w *walker) Anomalies() []string { return w.x.notes }

func (w *walker) Close() {
	if w.body != nil {
		w.body.close()
		w.body = nil
	}
}

func (w *walker) Next() (*level.Member, io.Reader, error) {
	w.Close()
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
		return nil, nil, errBound
	}
	return nil, nil, io.EOF
}

// rest returns the members that are not for one stream: what is encrypted, and
// the content.
func (w *walker) rest() (*level.Member, io.Reader) {
	x := w.x
	locked := func(name string) *level.Member {
		return &level.Member{Names: []string{name}, Size: -1, Encrypted: true, Err: fmt.Errorf("streams or strings: %w", level.ErrEncrypted)}
	}
	switch {
	case w.stage == 1 && x.shut > 0:
		return locked("scripts.js"), nil
	case w.stage == 2 && x.closed > 0:
		return locked("content"), nil
	case w.stage == 3 && x.contents > 0:
		c := newContent(x)
		w.body = c
		m := &level.Member{Names: []string{"content"}, Size: -1, Method: "streams"}
		w.mark(m, x.crypt != nil && x.crypt.stm != pdfPlain)
		return m, c
	}
	return nil, nil
}

// mark says how a member is encrypted.
func (w *walker) mark(m *level.Member, encrypted bool) {
	if encrypted {
		m.Encrypted, m.Password = true, w.x.crypt.password
	}
}

// script returns the next script that stands in a string, or all that are left.
func (w *walker) script() (*level.Member, io.Reader) {
	list := w.x.scripts
	m := &level.Member{Size: -1, Method: "stored"}
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

func (w *walker) scriptName(num int64) string {
	name := fmt.Sprintf("script-%d", num)
	if w.used[name]++; w.used[name] > 1 {
		return fmt.Sprintf("%s-%d.js", name, w.used[name])
	}
	return name + ".js"
}

// variants queues the readings of a stream that is a member of its own.
func (w *walker) variants(at int64) error {
	x, f := w.x, w.x.files[at]
	x.cur = def{tree: &x.parse.tree, num: f.num, gen: f.gen, at: at}
	x.parse.dict = nil
	x.parse.lex.reset(nil, at, &level.Marked{R: io.NewSectionReader(x.src, at, x.size-at)})
	root, word := x.parse.object(x.size, false)
	if x.parse.lex.err != nil || word != "stream" {
		return w.trouble(x.parse.lex.err)
	}
	st, err := x.describe(&x.parse, root, hit{at: at, num: f.num, gen: f.gen})
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
				w.add(f, reading{st: st, end: end, chain: chain, cipher: m, flate: pdfStrict}, i, names)
			}
		}
	}
	return nil
}

// decodable leaves out the chains with unknown filters, if there are others: no
// viewer gets anything out of them.
func decodable(chains [][]filter) [][]filter {
	known := slices.DeleteFunc(slices.Clone(chains), func(c []filter) bool {
		return slices.ContainsFunc(c, func(f filter) bool { return f.name == "" })
	})
	if len(known) > 0 {
		return known
	}
	return chains
}

// trouble is what Next makes of an error while members are prepared.
func (w *walker) trouble(err error) error {
	if errors.Is(err, level.ErrLimit) {
		w.x.limited = true
		return nil
	}
	if err != nil {
		return level.Unmarked(err)
	}
	return nil
}

// add queues one reading.
func (w *walker) add(f file, r reading, end int, names []string) {
	m := &level.Member{Size: -1, Method: method(r.chain)}
	for _, name := range names {
		level.AddName(m, name, w.x.limits.NameBytes)
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
		m.Encrypted, m.Err = true, fmt.Errorf("object %d: %w", f.num, level.ErrEncrypted)
	case r.cipher != pdfPlain:
		m.Encrypted, m.Password = true, c.password
	}
	if r.st.long {
		m.Err = fmt.Errorf("filters: %w", level.ErrLimit)
	}
	w.queue = append(w.queue, &member{m, r})
}

// names are what the file specification calls a stream, or what it serves as.
func (w *walker) names(f file) (names []string) {
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
func (w *walker) file() (*level.Member, io.Reader, error) {
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
	b := &fileBody{w: w, body: body, m: m, size: r.end - r.st.start}
	w.body = b
	return m, b, nil
}

// fileBody is the body of a stream that is a member of its own.
type fileBody struct {
	w    *walker
	body *body
	m    *level.Member
	size int64 // encoded
	n    int64 // decoded so far
}

func (b *fileBody) close() { b.body.release() }

// Read decodes what a viewer would show: the part before a fault. A file of which
// nothing at all can be decoded has not been examined.
func (b *fileBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.n += int64(n)
	if err == nil {
		return n, nil
	}
	err = level.Unmarked(err)
	if err == io.EOF && b.body.unknown {
		level.Note(b.m, anomaly.PDFFilter)
		return n, fmt.Errorf("filter: %w", level.ErrUnsupported)
	}
	if err == io.EOF && b.body.damage.broken {
		level.Note(b.m, anomaly.PDFDamaged)
		if again := b.body.reading; again.flate == pdfStrict && b.body.damage.strict {
			b.w.loosely(b.m, again)
		} else if b.n == 0 && b.size > 0 {
			err = fmt.Errorf("nothing could be decoded: %w", level.ErrMalformed)
		}
	}
	return n, err
}

// loosely queues another reading of a member whose deflate stream is broken.
func (w *walker) loosely(m *level.Member, r reading) {
	r.flate = pdfLoose
	again := *m
	again.Anomalies = slices.Clone(m.Anomalies)
	again.Reading = strings.TrimPrefix(m.Reading+" loose", " ")
	w.queue = slices.Insert(w.queue, 0, &member{&again, r})
}
