package pdf

// Bounds of one object. A reader that keeps whole objects in memory bounds them
// too, at far less.
const (
	pdfDepth    = 512     // arrays and dictionaries within each other
	pdfNodes    = 1 << 14 // values kept at one time
	pdfElements = 256     // elements kept of an array
	pdfText     = 8 << 20 // bytes of strings kept at one time
)

// kind is a kind of value.
type kind uint8

const (
	pdfNull kind = iota
	pdfBool      // n is 0 or 1
	pdfInt
	pdfRef // to object n
	pdfName
	pdfString
	pdfArray
	pdfDict
)

// value is a value of a kept part of an object.
type value struct {
	kind     kind
	key      key  // of the dictionary that it is in
	cut      bool // a string or an array of which only the beginning is kept
	n        int64
	from, to int32 // in tree.text: the bytes of a name or string; of a pdfKeyNamed dictionary, its name
	child    int32 // the first element, 0 if none
	last     int32 // the last element
	next     int32 // the next element of the same parent
}

// tree holds the kept values of one object: the dictionary fields that have a
// key. Index 0 is no value.
type tree struct {
	vals []value
	text []byte
}

func (t *tree) reset() {
	t.vals = append(t.vals[:0], value{})
	t.text = t.text[:0]
}

func (t *tree) str(i int32) []byte { return t.text[t.vals[i].from:t.vals[i].to] }

// is reports whether the value is a certain name.
func (t *tree) is(i int32, name string) bool {
	return t.vals[i].kind == pdfName && string(t.str(i)) == name
}

// field returns the value of a key, the last if there are several, as most
// readers do; 0 if there is none.
func (t *tree) field(dict int32, key key) (found int32) {
	for i := t.vals[dict].child; i != 0; i = t.vals[i].next {
		if t.vals[i].key == key {
			found = i
		}
	}
	return found
}

// hasField reports whether one of a key's values is a certain name.
func (t *tree) hasField(dict int32, key key, name string) bool {
	for i := t.vals[dict].child; i != 0; i = t.vals[i].next {
		if t.vals[i].key == key && t.is(i, name) {
			return true
		}
	}
	return false
}

// int returns an integer field, or other if it is absent or none.
func (t *tree) int(dict int32, key key, other int64) int64 {
	if i := t.field(dict, key); i != 0 && t.vals[i].kind == pdfInt {
		return t.vals[i].n
	}
	return other
}

// frame is an array or dictionary that is open.
type frame struct {
	node    int32 // 0: nothing of it is kept
	vals    int32 // len(tree.vals) before it
	text    int32 // len(tree.text) before it
	count   int32 // elements kept
	key     key
	isDict  bool
	keep    bool  // the parent keeps it
	haveKey bool  // a dictionary's key has been read, and its value has not
	last    int32 // a dictionary's last value; an array's element before the last
	extra   bool  // an integer without a key followed the last value: perhaps a generation
}

// parser reads objects. Every dictionary, however deep, is shown to dict when
// it closes; only those under a key of interest are kept beyond that.
type parser struct {
	lex     lexer
	tree    tree
	stack   []frame
	beyond  int // open arrays and dictionaries above pdfDepth
	name    []byte
	dict    func(dict int32, top bool) // may be nil
	strings int                        // bytes of a string to keep
	limited bool                       // something was not kept for a bound
	escaped bool                       // a telling name was written with #xx
}

// object reads one object. It ends before the position stop if that lies between
// values, or with a word that ends objects, which it returns: "stream", "endobj".
// With single it ends after one value that is no integer.
func (p *parser) object(stop int64, single bool) (root int32, word string) {
	p.tree.reset()
	p.stack, p.beyond = p.stack[:0], 0
	p.tree.vals = append(p.tree.vals, value{kind: pdfArray})
	p.stack = append(p.stack, frame{node: 1, keep: true, vals: 2})
	for {
		top := &p.stack[len(p.stack)-1]
		done := len(p.stack) == 1 && p.complete()
		if len(p.stack) == 1 && (p.lex.at() >= stop || single && done) {
			break
		}
		p.lex.max = min(p.strings, max(0, pdfText-len(p.tree.text)))
		if top.key == pdfKeyJS && top.haveKey {
			p.lex.max = max(0, pdfText-len(p.tree.text))
		}
		tok := p.lex.token()
		if tok == pdfEnd {
			break
		}
		if tok == pdfWord {
			if word = p.word(); word != "" || done {
				break
			}
			continue
		}
		if done {
			break // only "stream" can follow a value
		}
		p.take(tok)
	}
	for len(p.stack) > 1 {
		p.closeTop()
	}
	return p.tree.vals[1].child, word
}

// complete reports whether the object's value has been read; an integer may yet
// become a reference.
func (p *parser) complete() bool {
	i := p.tree.vals[1].child
	return i != 0 && p.tree.vals[i].kind != pdfInt
}

// take adds a token to what is open.
func (p *parser) take(tok token) {
	top := &p.stack[len(p.stack)-1]
	switch tok {
	case pdfDictOpen, pdfArrOpen:
		p.openNew(tok == pdfDictOpen)
	case pdfDictClose, pdfArrClose:
		p.closeAny(tok == pdfDictClose)
	case pdfNameTok:
		if p.beyond > 0 {
			return
		}
		if top.isDict && !top.haveKey {
			p.setKey(top)
			return
		}
		if p.lex.escaped && top.isDict && top.key.telling() {
			p.escaped = true
		}
		p.add(value{kind: pdfName}, true)
	case pdfStringTok:
		p.add(value{kind: pdfString, cut: p.lex.cut}, true)
	case pdfIntTok:
		if top.isDict && !top.haveKey {
			top.extra = p.beyond == 0
			return
		}
		p.add(value{kind: pdfInt, n: p.lex.num}, false)
	}
}

func (p *parser) setKey(top *frame) {
	top.key, top.haveKey, top.extra, top.last = keyOf(p.lex.tok), true, false, 0
	if p.lex.escaped && top.key.telling() {
		p.escaped = true
	}
	if top.key == pdfKeyNone && top.node != 0 && p.tree.vals[top.node].key == pdfKeyCF {
		top.key = pdfKeyNamed
		p.name = append(p.name[:0], p.lex.tok...)
	}
}

// word handles a token that is no value by itself. It returns one that ends the
// object.
func (p *parser) word() string {
	switch string(p.lex.tok) {
	case "stream":
		return "stream"
	case "endobj":
		return "endobj"
	case "obj":
		if len(p.stack) == 1 {
			return "endobj"
		}
	case "R":
		p.makeRef()
		return ""
	case "true":
		p.add(value{kind: pdfBool, n: 1}, false)
	case "false":
		p.add(value{kind: pdfBool}, false)
	default:
		p.add(value{}, false)
	}
	return ""
}

// makeRef turns the two integers before an "R" into a reference.
func (p *parser) makeRef() {
	top := &p.stack[len(p.stack)-1]
	if top.node == 0 || p.beyond > 0 {
		return
	}
	if top.isDict {
		if top.extra && top.last != 0 && p.tree.vals[top.last].kind == pdfInt {
			p.tree.vals[top.last].kind = pdfRef
		}
		top.extra = false
		return
	}
	// An array: the generation is its last element, and goes.
	parent, before := &p.tree.vals[top.node], top.last
	if before == 0 || parent.last != p.tree.vals[before].next || p.tree.vals[before].kind != pdfInt {
		return
	}
	p.tree.vals[before].kind, p.tree.vals[before].next = pdfRef, 0
	parent.last = before
	top.last = 0
	top.count--
}

// keeps reports whether the value that comes next is to be kept.
func (p *parser) keeps(top *frame) bool {
	switch {
	case p.beyond > 0 || top.node == 0:
		return false
	case top.isDict && top.key == pdfKeyNone, !top.isDict && !top.keep:
		return false
	case len(p.tree.vals) >= pdfNodes:
		p.limited = true
		return false
	case !top.isDict && top.count >= pdfElements:
		p.tree.vals[top.node].cut = true
		return false
	}
	return true
}

// add adds a value to what is open, with the token's bytes if text is set.
func (p *parser) add(v value, text bool) {
	top := &p.stack[len(p.stack)-1]
	if p.beyond > 0 {
		return
	}
	if !p.keeps(top) {
		top.haveKey, top.last = false, 0
		return
	}
	if text {
		v.from = int32(len(p.tree.text))
		p.tree.text = append(p.tree.text, p.lex.tok...)
		v.to = int32(len(p.tree.text))
	}
	p.link(top, v)
}

// link appends a value to the open array or dictionary.
func (p *parser) link(top *frame, v value) int32 {
	v.key = top.key
	i := int32(len(p.tree.vals))
	p.tree.vals = append(p.tree.vals, v)
	parent := &p.tree.vals[top.node]
	top.last = i
	if parent.last == 0 {
		parent.child = i
	} else {
		p.tree.vals[parent.last].next = i
		if !top.isDict {
			top.last = parent.last
		}
	}
	parent.last = i
	top.count++
	top.haveKey, top.extra = false, false
	return i
}

// openNew begins an array or dictionary. A dictionary always has a node, for its
// own fields; an array only if it is kept.
func (p *parser) openNew(isDict bool) {
	if p.beyond > 0 || len(p.stack) >= pdfDepth {
		p.beyond++
		p.limited = true
		return
	}
	top := &p.stack[len(p.stack)-1]
	f := frame{isDict: isDict, vals: int32(len(p.tree.vals)), text: int32(len(p.tree.text))}
	v := value{kind: pdfArray}
	if isDict {
		v.kind = pdfDict
	}
	// No array of arrays says anything here, and those of fonts are long.
	f.keep = (isDict || top.isDict || len(p.stack) == 1 && top.count == 0) && p.keeps(top)
	switch {
	case f.keep:
		if top.key == pdfKeyNamed && top.isDict {
			v.from = int32(len(p.tree.text))
			p.tree.text = append(p.tree.text, p.name...)
			v.to = int32(len(p.tree.text))
		}
		f.node = p.link(top, v)
	case isDict && len(p.tree.vals) < pdfNodes:
		f.node = f.vals
		p.tree.vals = append(p.tree.vals, v)
	case isDict:
		p.limited = true
	}
	top.haveKey = false
	if !f.keep {
		top.last = 0
	}
	p.stack = append(p.stack, f)
}

// closeAny closes what is open. QUIRK: section 7.3 wants brackets to match;
// what is left open inside ends with what surrounds it.
func (p *parser) closeAny(isDict bool) {
	if p.beyond > 0 {
		p.beyond--
		return
	}
	for i := len(p.stack) - 1; i > 0; i-- {
		if p.stack[i].isDict == isDict {
			for len(p.stack) > i {
				p.closeTop()
			}
			return
		}
	}
}

func (p *parser) closeTop() {
	f := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	if f.isDict && f.node != 0 && p.dict != nil {
		p.dict(f.node, len(p.stack) == 1)
	}
	if !f.keep {
		p.tree.vals = p.tree.vals[:f.vals]
		p.tree.text = p.tree.text[:f.text]
	}
}
