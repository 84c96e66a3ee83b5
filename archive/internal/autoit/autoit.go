package autoit

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

const (
	versionBytes = 8 // behind the signature

	signature = "\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d"
	scripts   = "AU3!" // behind it, then the version
	oldScript = "\x03" // behind it in scripts of AutoIt 2, of the first ones of 3, and of AutoHotkey
	// warning is what an interpreter shows to debuggers: what it interprets may be
	// farther from its begin than signatures are looked for.
	warning = "This is a third-party compiled AutoIt script."
)

var (
	markScript = &level.Mark{Text: signature, Even: 2, Odd: 7, Fits: func(p *level.Probe, at int64) bool {
		b := p.At(at+int64(len(signature)), len(scripts))
		return string(b) == scripts || len(b) > 0 && string(b[:1]) == oldScript
	}}
	markProgram = &level.Mark{Text: warning, Even: 14, Odd: 35, Fits: func(*level.Probe, int64) bool { return true }}
	marks       = []*level.Mark{markScript, markProgram}
)

// Format is how a compiled script is found and opened.
var Format = &level.Format{Name: "autoit", Detect: detect, Open: open, Marks: marks}

func detect(p *level.Probe) bool { return p.Met(markScript) || p.Met(markProgram) }

// maxWork is how many times the size of a file its records may be read.
const maxWork = 8

// walker yields the records of all scripts in a file, wherever they are.
type walker struct {
	level.Steps
	src     io.ReaderAt
	size    int64
	maxName int
	work    input.Work
	search  [2]finder
	keys    [2]keystream // of EA05 and EA06
	last    *record      // the last one whose seed has a digest
	covered int64        // the farthest end of a record
	broken  error        // why there is more than what was read; nil: there is not
	out     unpacker
	body    cipherReader
	tokens  *bufio.Reader
	text    listing
}

// finder goes through the records of one version.
type finder struct {
	v      *version
	search *input.Search
	next   int64 // -1: none
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	w := &walker{src: src, size: size, maxName: l.NameBytes, work: input.Work{Left: maxWork*size + 1<<20}}
	found := false
	for i, v := range [...]*version{ea05, ea06} {
		w.keys[i] = v.stream()
		w.search[i] = finder{v: v, search: input.NewSearch(src, size, v.mark)}
		if err := w.search[i].advance(src, size, 0); err != nil {
			return nil, err
		}
		found = found || w.search[i].next >= 0
	}
	broken, err := signed(src, size, found)
	switch {
	case err != nil:
		return nil, err
	case !found && broken == nil:
		return nil, level.ErrFormat
	case !found:
		return nil, broken
	}
	w.broken = broken
	w.Then(w.nextRecord, func() error { return w.broken })
	return w, nil
}

// signed says why there is a signature without a record behind it; nil if there is none.
// In a file that has records, what follows a signature must be more than the one byte of
// old versions: the interpreter has the signature too.
func signed(src io.ReaderAt, size int64, found bool) (broken, err error) {
	s := input.NewSearch(src, size, signature)
	for at := int64(0); ; at++ {
		if at, err = s.Next(at); err != nil || at < 0 {
			return broken, err
		}
		b, err := saferead.UpTo(src, at+int64(len(signature)), versionBytes, size, versionBytes)
		if err != nil {
			return nil, err
		}
		known := versionOf(string(b))
		switch {
		case known != nil:
			_, ok, err := known.begins(src, size, at+int64(len(signature)+versionBytes+digestBytes))
			if err != nil {
				return nil, err
			}
			if !ok {
				broken = fmt.Errorf("no record behind a signature: %w", level.ErrMalformed)
			}
		case len(b) == versionBytes && string(b[:len(scripts)]) == scripts:
			return fmt.Errorf("version %q: %w", b[len(scripts):], level.ErrUnsupported), nil
		case !found && len(b) > 0 && string(b[:1]) == oldScript:
			return fmt.Errorf("version %q: %w", b[:1], level.ErrUnsupported), nil
		}
	}
}

// advance finds the next record at or behind an offset.
func (f *finder) advance(src io.ReaderAt, size, from int64) error {
	for {
		at, err := f.search.Next(from)
		if f.next = at; err != nil || at < 0 {
			return err
		}
		if _, ok, err := f.v.layout(src, size, at); err != nil || ok {
			return err
		}
		from = at + 1
	}
}

// key is the keystream of a version. Its state is that of the last one who seeded it.
func (w *walker) key(v *version) keystream {
	if v == ea05 {
		return w.keys[0]
	}
	return w.keys[1]
}

// nextRecord yields the next record of either version.
func (w *walker) nextRecord() error {
	f := &w.search[0]
	if o := &w.search[1]; f.next < 0 || o.next >= 0 && o.next < f.next {
		f = o
	}
	if f.next < 0 {
		return nil
	}
	at := f.next
	r, err := w.read(f.v, at)
	if err != nil {
		return err
	}
	if err := f.advance(w.src, w.size, at+1); err != nil {
		return err
	}
	w.Then(w.nextRecord)
	if r == nil {
		return nil
	}
	if err := w.follow(r); err != nil {
		return err
	}
	if r.seed, err = w.seedOf(r); err != nil {
		return err
	}
	if r.v.digest {
		w.last = r
	}
	return w.yield(r)
}

// follow looks at what stands behind a record: the mark of another one whose strings go
// beyond the file's end cannot be read.
func (w *walker) follow(r *record) error {
	marked, ok, err := r.v.begins(w.src, w.size, r.end)
	if marked && !ok && w.broken == nil {
		w.broken = fmt.Errorf("a record at %d: %w", r.end, level.ErrMalformed)
	}
	return err
}

// yield yields a record's body. Records without one only say something of the script.
func (w *walker) yield(r *record) error {
	if r.packed == 0 && strings.HasPrefix(r.kind, ">>>") {
		return nil
	}
	m := &level.Member{Size: r.size, Packed: r.packed, Method: "stored"}
	for _, name := range r.names() {
		level.AddName(m, name, w.maxName)
	}
	if r.at < w.covered {
		level.Note(m, anomaly.Overlap)
	}
	w.covered = max(w.covered, r.end)
	if r.kind == tokens {
		w.Then(func() error { return w.list(r) })
	}
	return w.open(r, m)
}

// list yields the text of a script that is tokens. Where those cannot be read, the
// record's own member says so.
func (w *walker) list(r *record) error {
	m := &level.Member{Size: -1, Method: "stored"}
	level.AddName(m, scriptName, w.maxName)
	body, err := w.bodyOf(r, m)
	if err != nil {
		return unclassed(err)
	}
	m.Size, m.Anomalies = -1, nil
	if w.tokens == nil {
		w.tokens = bufio.NewReader(nil)
	}
	w.tokens.Reset(body)
	w.text = listing{in: w.tokens, body: &w.body, out: w.text.out[:0]}
	w.Yield(m, &w.text)
	return nil
}

// names are the names of a record. Those of a file are what FileInstall calls it, then
// where it came from.
func (r *record) names() []string {
	switch r.kind {
	case ">AUTOIT SCRIPT<", ">AUTOIT UNICODE SCRIPT<":
		return []string{scriptName, r.path}
	case tokens:
		return []string{r.path, "script.tok"}
	}
	return []string{r.kind, r.path}
}

const (
	scriptName = "script.au3"
	tokens     = ">>>AUTOIT SCRIPT<<<" // the script is tokens
)

// open yields a member with a record's body.
func (w *walker) open(r *record, m *level.Member) error {
	body, err := w.bodyOf(r, m)
	if err := unclassed(err); err != nil {
		return err
	}
	m.Err = err
	w.Yield(m, body)
	return nil
}
