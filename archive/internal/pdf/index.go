package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Bounds of what is remembered of one file.
const (
	pdfPasses  = 8       // times that the file is gone through, to follow references
	pdfInts    = 1 << 18 // objects that are integers
	pdfWants   = 1 << 14 // objects that others refer to in a way that matters
	pdfDefs    = 64      // versions of one such object
	pdfDefText = 8 << 20 // bytes of them
	pdfCrypts  = 4       // encryption dictionaries, identifiers
)

// role says what an object serves as, by those that refer to it.
type role uint8

const (
	roleFile   role = 1 << iota // an embedded file
	roleScript                  // JavaScript
	roleXFA                     // a part of an XFA form
	role3D                      // a 3D model
	roleValue                   // a value that stands elsewhere
)

// roleMember are the roles of streams that become members of their own.
const roleMember = roleFile | roleScript | roleXFA | role3D

// def is a value, and the object that it stands in.
type def struct {
	tree     *tree
	root     int32
	num, gen int64
	at       int64 // of the object
	sub      int64 // in the object stream at at
	inner    bool  // in an object stream: its strings are not encrypted once more
}

// want is an object that another refers to.
type want struct {
	roles role
	names []string // of the embedded file
	defs  []def
	seen  bool // met since a role was added
	tried bool // searched for in a whole pass
}

// file is a stream that becomes a member of its own.
type file struct {
	num, gen int64
	roles    role
}

// script is JavaScript in a string.
type script struct {
	num  int64
	text []byte
}

// index is what going through a file finds: the streams that become members,
// and what is needed to decode all streams. Passes are repeated until nothing new
// is learnt, as a reference can lead backwards; honest files need one or two.
type index struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	work   *input.Work
	scan   scanner
	later  ends   // of searches that begin behind a declared length
	parse  parser // of objects of the file
	inside parser // of objects in object streams
	few    [pdfTailRoom]byte

	ints    intTable
	wants   map[int64]*want
	kept    int // bytes in wants
	fresh   bool
	limited bool // something was left out for a bound
	notes   []string

	encrypts []def // encryption dictionaries
	ids      [][]byte
	crypt    *crypt
	checked  int // len(encrypts) when crypt was determined
	xref     int64
	prefix   int64 // bytes before "%PDF", 0 if it is not there

	// Of the present pass.
	cur         def // the object being read; its tree changes with every object
	cover       [2]int64
	objects     int
	files       map[int64]file
	scripts     []script
	scriptSums  map[[32]byte]bool
	scriptBytes int
	contents    int // streams that belong to the content member
	closed      int // streams among them that no key opens
	shut        int // scripts that no key opens
}

// build goes through the file until nothing new is found.
func (x *index) build() error {
	x.scan.src, x.scan.size = x.src, x.size
	x.scan.end.src, x.scan.end.size = x.src, x.size
	x.later.src, x.later.size = x.src, x.size
	x.parse.strings, x.inside.strings = x.limits.NameBytes, x.limits.NameBytes
	x.parse.lex.work, x.inside.lex.work = x.work, x.work
	x.wants = map[int64]*want{}
	for range pdfPasses {
		if err := x.pass(); err != nil {
			return err
		}
		x.ints.sort()
		x.learn()
		if !x.fresh {
			return nil
		}
	}
	x.limited = true
	return nil
}

// learn decides whether another pass can find more.
func (x *index) learn() {
	for num, w := range x.wants {
		if w.seen || w.tried || w.roles == roleFile && x.hasFile(num) {
			continue
		}
		w.tried, x.fresh = true, true
	}
	if len(x.encrypts) > x.checked {
		x.checked = len(x.encrypts)
		x.decrypt()
	}
}

func (x *index) hasFile(num int64) bool {
	for _, f := range x.files {
		if f.num == num {
			return true
		}
	}
	return false
}

// decrypt looks for an encryption dictionary that a password opens.
func (x *index) decrypt() {
	if x.crypt != nil && x.crypt.key != nil {
		return
	}
	ids := append(slices.Clone(x.ids), nil)
	for _, d := range x.encrypts {
		c := newCrypt(d.tree, d.root, ids)
		if c.unlock(x.limits.Keys) {
			x.crypt = c
			break
		}
		if x.crypt == nil {
			x.crypt = c
		}
	}
	x.fresh = true
}

// pass goes through the file once.
func (x *index) pass() error {
	x.fresh, x.objects, x.cover = false, 0, [2]int64{}
	x.files, x.scripts, x.scriptSums, x.scriptBytes = map[int64]file{}, nil, map[[32]byte]bool{}, 0
	x.contents, x.closed, x.shut = 0, 0, 0
	for _, w := range x.wants {
		w.names = nil
	}
	x.parse.dict = func(dict int32, top bool) { x.visit(&x.parse.tree, dict, top) }
	x.inside.dict = func(dict int32, top bool) { x.visit(&x.inside.tree, dict, top) }
	x.scan.reset()
	for {
		hit, ok := x.scan.next()
		if !ok {
			return x.scan.err
		}
		if err := x.hit(hit); err != nil {
			return err
		}
	}
}

// hit examines one object or trailer.
func (x *index) hit(hit hit) error {
	p := &x.parse
	x.cur = def{tree: &p.tree, num: hit.num, gen: hit.gen, at: hit.at}
	root, word := x.read(hit)
	if p.lex.err != nil {
		return p.lex.err
	}
	if hit.trailer {
		x.trailer(root)
		return nil
	}
	x.objects++
	if word == "stream" && p.tree.vals[root].kind == pdfDict {
		return x.stream(root, hit)
	}
	x.value(root)
	return nil
}

// read parses the object at a hit.
func (x *index) read(hit hit) (root int32, word string) {
	p := &x.parse
	buf, rest := x.scan.after(hit.at)
	p.lex.reset(buf, hit.at, rest)
	root, word = p.object(x.size, false)
	x.limited = x.limited || p.limited
	if p.escaped {
		x.note(anomaly.PDFEscaped)
	}
	return root, word
}

func (x *index) note(name string) { x.notes = level.NoteOnce(x.notes, name) }

// value remembers an object that is no stream, if it is an integer, which may be
// a length, or if something refers to it.
func (x *index) value(root int32) {
	t := x.cur.tree
	if root == 0 {
		return
	}
	if t.vals[root].kind == pdfInt {
		x.limited = !x.ints.add(x.cur.num, t.vals[root].n, x.cur.at) || x.limited
	}
	w := x.wants[x.cur.num]
	if w == nil {
		return
	}
	w.seen = true
	if w.roles&(roleValue|roleScript|roleXFA) != 0 {
		x.define(w, root)
	}
}

// define keeps a version of an object.
func (x *index) define(w *want, root int32) {
	for _, d := range w.defs {
		if d.at == x.cur.at && d.sub == x.cur.sub && d.inner == x.cur.inner {
			return
		}
	}
	t := x.cur.tree
	size := len(t.text) + 40*len(t.vals)
	if len(w.defs) == pdfDefs || x.kept+size > pdfDefText {
		x.limited = true
		return
	}
	x.kept += size
	d := x.cur
	d.tree = &tree{vals: slices.Clone(t.vals), text: bytes.Clone(t.text)}
	d.root = root
	w.defs = append(w.defs, d)
	x.fresh = true
}

// want notes that an object serves as something.
func (x *index) want(num int64, role role) *want {
	w := x.wants[num]
	if w == nil {
		if len(x.wants) >= pdfWants {
			x.limited = true
			return &want{}
		}
		w = &want{}
		x.wants[num] = w
	}
	if w.roles|role != w.roles {
		w.roles |= role
		w.seen, w.tried = false, false
	}
	return w
}

// resolve appends what a value is: itself, or all versions of the object that it
// refers to.
func (x *index) resolve(list []def, t *tree, i int32) []def {
	if t.vals[i].kind != pdfRef {
		d := x.cur
		d.tree, d.root = t, i
		return append(list, d)
	}
	return append(list, x.want(t.vals[i].n, roleValue).defs...)
}

// text returns the bytes of a string, decrypted.
func (x *index) text(d def) []byte {
	s := d.tree.str(d.root)
	if x.crypt == nil || d.inner || x.crypt.key == nil {
		return s
	}
	return x.crypt.decryptString(s, d.num, d.gen)
}

// script adds JavaScript that stands in a string. Equal ones, which forms have
// by the hundred, count once.
func (x *index) script(d def) {
	if x.crypt != nil && x.crypt.key == nil && x.crypt.str != pdfPlain && !d.inner {
		x.shut++
		return
	}
	text := textString(x.text(d))
	sum := sha256.Sum256(text)
	if x.scriptSums[sum] || len(text) == 0 {
		return
	}
	if d.tree.vals[d.root].cut || x.scriptBytes+len(text) > pdfText {
		x.limited = true
		return
	}
	x.scriptSums[sum] = true
	x.scriptBytes += len(text)
	x.scripts = append(x.scripts, script{d.num, text})
}

// errBound is what Next says when something was left out.
var errBound = fmt.Errorf("indirections, nesting or amounts: %w", level.ErrLimit)

// findStart looks for the header and for the place of the newest cross reference
// section, as a reader does.
func (x *index) findStart() (header bool, err error) {
	head, err := readSection(x.src, 0, min(x.size, pdfHeadRoom))
	if err != nil {
		return false, err
	}
	if i := bytes.Index(head, []byte("%PDF")); i >= 0 {
		header, x.prefix = true, int64(i)
	}
	from := max(0, x.size-pdfTail)
	tail, err := readSection(x.src, from, x.size-from)
	if err != nil {
		return header, err
	}
	x.xref = -1
	if i := bytes.LastIndex(tail, []byte("startxref")); i >= 0 {
		digits := bytes.TrimLeft(tail[i+len("startxref"):], "\x00\t\n\f\r ")
		if n := bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); n >= 0 {
			digits = digits[:n]
		}
		if n, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
			x.xref = n
		}
	}
	x.ending(header, tail)
	return header, nil
}

// ending notes what stands around the file proper.
func (x *index) ending(header bool, tail []byte) {
	if x.prefix > 0 {
		x.note(anomaly.Prepended)
	}
	mark := []byte("%%EOF")
	switch i := bytes.LastIndex(tail, mark); {
	case header && i < 0:
		x.note(anomaly.Truncated)
	case i >= 0 && len(bytes.Trim(tail[i+len(mark):], "\x00\t\n\f\r ")) > 0:
		x.note(anomaly.Appended)
	}
}

func readSection(src io.ReaderAt, from, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := src.ReadAt(b, from)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return b[:got], nil
}
