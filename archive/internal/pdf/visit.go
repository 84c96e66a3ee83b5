package pdf

import (
	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// visit looks at one dictionary, at whatever depth.
func (x *index) visit(t *tree, dict int32, top bool) {
	hasEF := false
	for i := t.vals[dict].child; i != 0; i = t.vals[i].next {
		switch t.vals[i].key {
		case pdfKeyJS:
			x.note(anomaly.PDFJavaScript)
			x.scriptValue(t, i)
		case pdfKeyOnInstantiate:
			x.note(anomaly.PDFJavaScript)
			x.scriptValue(t, i)
		case pdfKeyS:
			if t.is(i, "JavaScript") {
				x.note(anomaly.PDFJavaScript)
			}
			if t.is(i, "Launch") {
				x.note(anomaly.PDFLaunch)
			}
		case pdfKeyOpenAction:
			x.note(anomaly.PDFOpenAction)
		case pdfKeyEF, pdfKeyRF:
			hasEF = true
		case pdfKeyXFA:
			x.xfa(t, i)
		case pdfKeyThreeD:
			if t.vals[i].kind == pdfRef {
				x.want(t.vals[i].n, role3D)
			}
		}
	}
	if hasEF {
		x.fileSpec(t, dict)
	}
}

// scriptValue takes JavaScript: a string, or a reference to a string or stream.
func (x *index) scriptValue(t *tree, i int32) {
	if t.vals[i].kind == pdfRef {
		x.want(t.vals[i].n, roleScript)
	}
	for _, d := range x.resolve(nil, t, i) {
		if d.tree.vals[d.root].kind == pdfString {
			x.script(d)
		}
	}
}

// xfa takes a form: a stream, or an array of names and streams (ISO 32000-1 section
// 12.7.8).
func (x *index) xfa(t *tree, i int32) {
	if t.vals[i].kind == pdfRef {
		x.want(t.vals[i].n, roleXFA)
	}
	for _, d := range x.resolve(nil, t, i) {
		v := d.tree.vals[d.root]
		x.limited = x.limited || v.cut
		if v.kind != pdfArray {
			continue
		}
		for j := v.child; j != 0; j = d.tree.vals[j].next {
			if d.tree.vals[j].kind == pdfRef {
				x.want(d.tree.vals[j].n, roleXFA)
			}
		}
	}
}

// fileSpec takes a file specification (section 7.11.3): its names, and the streams
// that hold the file.
func (x *index) fileSpec(t *tree, dict int32) {
	x.note(anomaly.PDFEmbedded)
	var names []string
	for _, key := range [...]key{pdfKeyUF, pdfKeyF, pdfKeyUnix, pdfKeyMac, pdfKeyDOS} {
		for i := t.vals[dict].child; i != 0; i = t.vals[i].next {
			if t.vals[i].key == key {
				names = x.addNames(names, t, i)
			}
		}
	}
	for i := t.vals[dict].child; i != 0; i = t.vals[i].next {
		switch t.vals[i].key {
		case pdfKeyEF, pdfKeyRF:
			for _, d := range x.resolve(nil, t, i) {
				x.embedded(d.tree, d.root, names)
			}
		}
	}
}

// addNames adds the readings of a name; without the key to it there is none.
func (x *index) addNames(names []string, t *tree, i int32) []string {
	for _, d := range x.resolve(nil, t, i) {
		locked := x.crypt != nil && x.crypt.key == nil && x.crypt.str != pdfPlain && !d.inner
		if d.tree.vals[d.root].kind == pdfString && !locked && len(names) < level.MaxNames {
			names = append(names, string(textString(x.text(d))))
		}
	}
	return names
}

// embedded takes the streams of /EF, and those of the arrays in /RF, where each
// follows its name.
func (x *index) embedded(t *tree, dict int32, names []string) {
	for i := t.vals[dict].child; i != 0; i = t.vals[i].next {
		for _, d := range x.related(t, i) {
			w := x.want(d.tree.vals[d.root].n, roleFile)
			for _, name := range names {
				if len(w.names) < level.MaxNames {
					w.names = append(w.names, name)
				}
			}
		}
	}
}

// related returns the references in a value of /EF or /RF.
func (x *index) related(t *tree, i int32) (refs []def) {
	if t.vals[i].kind == pdfRef {
		refs = append(refs, def{tree: t, root: i})
	}
	if t.vals[i].kind == pdfArray {
		x.limited = x.limited || t.vals[i].cut
		for j := t.vals[i].child; j != 0; j = t.vals[j].next {
			if t.vals[j].kind == pdfRef {
				refs = append(refs, def{tree: t, root: j})
			}
		}
	}
	return refs
}

// trailer takes what a trailer, or the dictionary of a cross reference stream,
// says about encryption. One that lies inside of a stream belongs to another
// file, unless the end of this one leads there.
func (x *index) trailer(root int32) {
	t := x.cur.tree
	if x.cur.at < x.cover[1] && !x.leadsTo(x.cover[0], x.cover[1]) {
		return
	}
	if i := t.field(root, pdfKeyID); i != 0 {
		for _, d := range x.resolve(nil, t, i) {
			if v := d.tree.vals[d.root]; v.kind == pdfArray && v.child != 0 {
				x.addID(d.tree.str(v.child))
			}
		}
	}
	for i := t.vals[root].child; i != 0; i = t.vals[i].next {
		if t.vals[i].key == pdfKeyEncrypt {
			for _, d := range x.resolve(nil, t, i) {
				x.addEncrypt(d)
			}
		}
	}
}

func (x *index) leadsTo(from, to int64) bool {
	return x.xref >= 0 && (x.xref >= from && x.xref < to || x.xref+x.prefix >= from && x.xref+x.prefix < to)
}

func (x *index) addID(id []byte) {
	for _, have := range x.ids {
		if string(have) == string(id) {
			return
		}
	}
	if len(x.ids) < pdfCrypts {
		x.ids = append(x.ids, append([]byte(nil), id...))
	}
}

// addEncrypt keeps an encryption dictionary.
func (x *index) addEncrypt(d def) {
	if d.tree.vals[d.root].kind != pdfDict {
		return
	}
	for _, have := range x.encrypts {
		if have.at == d.at {
			return
		}
	}
	if len(x.encrypts) == pdfCrypts {
		return
	}
	x.note(anomaly.PDFEncrypted)
	if d.tree == x.cur.tree {
		t := *d.tree
		d.tree = &tree{vals: append([]value(nil), t.vals...), text: append([]byte(nil), t.text...)}
	}
	x.encrypts = append(x.encrypts, d)
}
