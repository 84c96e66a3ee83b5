package mime

import (
	"bytes"
	"encoding/base64"
)

// begin is what the line says that begins a uuencoded file: "begin 644 name", and
// "begin-base64 644 name" for one in base64 (POSIX uuencode -m). GNU uuencode -e
// adds "-encoded" for a name in base64.
type begin struct {
	name    []byte // as it stands
	base64  bool
	encoded bool // the name is in base64
}

// fileBegin reads a line that begins a uuencoded file.
func fileBegin(line []byte) (b begin, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin"))
	if !ok {
		return b, false
	}
	rest, b.base64 = bytes.CutPrefix(rest, []byte("-base64"))
	rest, b.encoded = bytes.CutPrefix(rest, []byte("-encoded"))
	mode := bytes.TrimLeft(rest, " ")
	if len(mode) == len(rest) {
		return b, false
	}
	i := 0
	for i < len(mode) && '0' <= mode[i] && mode[i] <= '7' {
		i++
	}
	if i < 3 || i > 4 || i == len(mode) || mode[i] != ' ' {
		return b, false
	}
	b.name = bytes.Trim(mode[i:], " \t")
	return b, len(b.name) > 0
}

// addName adds the file's name to those of e.
func (b begin) addName(e *Entity) {
	if len(b.name) == 0 {
		return
	}
	name := b.name
	if b.encoded {
		if n, err := base64.StdEncoding.AppendDecode(nil, name); err == nil {
			name = n
		}
	}
	e.addName(Name{Value: decodeRaw(e, name), Raw: string(b.name), Source: FromContent})
}

// another ends the file that goes to a leaf and begins the next one of the same
// part; nil if to is no leaf, or the message has no room.
func another(to sink, label string, b begin) (*leaf, error) {
	l, ok := to.(*leaf)
	if !ok {
		return nil, nil
	}
	if err := l.close(); err != nil {
		return nil, err
	}
	e := *l.e
	e.Anomalies, e.Names, e.Fault, e.Size = nil, nil, nil, 0
	e.Reading = withLabel(e.Reading, label)
	b.addName(&e)
	for _, n := range l.e.Names {
		if n.Source != FromContent { // that one is the other file's
			e.addName(n)
		}
	}
	next := newLeaf(l.w, &e, l.carve != nil)
	if next == nil {
		return &leaf{w: l.w, e: &e}, nil
	}
	return next, nil
}
