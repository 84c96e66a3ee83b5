package mime

import (
	"bytes"
	"strings"
)

// extractor decodes a file that stands in a text.
type extractor interface {
	// take takes a line, or a piece of one that is long, without its end.
	take(line []byte, p piece) (extent, error)

	// close ends the file; cut says that its own end was not seen.
	close(cut bool) error

	// snapshot is sink's.
	snapshot(label string) error

	// branch gives the extractor of another reading of the text; nil if there can
	// be none.
	branch(label string) extractor
}

// piece says what of a line is given to an extractor.
type piece struct {
	first bool   // it starts the line; if it is not the last, it has carveLine bytes
	last  bool   // it ends the line
	end   []byte // the byte that ended the line, if it is whole
}

// extent says how far a file goes.
type extent uint8

const (
	fileGoesOn extent = iota
	fileEnds          // with this line
	fileEnded         // before this line
)

// startFile begins the file that the line starts, if it does.
//
// QUIRK: none of these formats is MIME. Thunderbird and Outlook make attachments
// of uuencode, yEnc and BinHex in a text. Quoted by a reply or a forward they are
// text to them; UUDeview, or the editor's hand, still gets the file out.
func (c *carver) startFile(line []byte) (begun bool, err error) {
	quote, rest := cutQuote(line)
	if !startsFile(rest) {
		return false, nil
	}
	f, err := c.newFile(rest)
	if f == nil || err != nil {
		return false, err
	}
	c.quote = nil
	if len(quote) > 0 {
		c.quote = bytes.Clone(quote)
	}
	c.file, c.state, c.open = f, inFile, false
	return true, nil
}

// mayStartFile says which bytes start a line that may start a file, quoted or not.
var mayStartFile = [256]bool{'b': true, '=': true, '(': true, '-': true, '>': true, '|': true, ' ': true, '\t': true}

// startsFile reports whether a line may start a file.
func startsFile(line []byte) bool {
	if len(line) < 8 {
		return false
	}
	switch line[0] {
	case 'b':
		_, ok := fileBegin(line)
		return ok
	case '=':
		return bytes.HasPrefix(line, yBegin)
	case '(':
		return isBinHexMark(line)
	case '-':
		_, ok := armorLabel(line, armorBegin)
		return ok
	}
	return false
}

// newFile returns the extractor of the file that the line starts; nil if it is
// none.
func (c *carver) newFile(line []byte) (extractor, error) {
	switch line[0] {
	case 'b':
		if b, _ := fileBegin(line); b.base64 {
			return newBase64File(c, b), nil
		} else {
			return newUUFile(c, b), nil
		}
	case '=':
		return newYFile(c, line), nil
	case '(':
		return newBinHexFile(c), nil
	case '-':
		return newArmorFile(c, line), nil
	}
	return nil, nil
}

// cutQuote cuts what a reply or a forward puts before the lines that it quotes.
func cutQuote(line []byte) (quote, rest []byte) {
	i := 0
	for i < len(line) && isQuote(line[i]) {
		i++
	}
	return line[:i], line[i:]
}

func isQuote(c byte) bool { return c == '>' || c == ' ' || c == '\t' || c == '|' }

// unquote cuts off a line of a file what stood before its first one.
func (c *carver) unquote(line []byte) []byte {
	if len(c.quote) == 0 {
		return line
	}
	if rest, ok := bytes.CutPrefix(line, c.quote); ok {
		return rest
	}
	// Blanks at the end of the quoting are lost where nothing follows it.
	rest, _ := bytes.CutPrefix(line, bytes.TrimRight(c.quote, " \t"))
	return rest
}

// uuFile extracts uuencode and xxencode, which begin alike: the first line of data
// tells them apart, and where it fits both there are two files.
type uuFile struct {
	c     *carver
	begin begin
	path  *Entity      // that the file will be
	files []*uuDecoder // none before the first line of data
}

func newUUFile(c *carver, b begin) *uuFile {
	b.name = bytes.Clone(b.name)
	return &uuFile{c: c, begin: b, path: c.entity("application/octet-stream", "x-uuencode")}
}

func (f *uuFile) take(line []byte, p piece) (extent, error) {
	if !p.first {
		return fileGoesOn, nil
	}
	if !p.last || len(line) > uuLineMax {
		line = line[:min(len(line), uuLineMax)]
	}
	if isUUEnd(line) {
		for _, d := range f.files {
			d.done = true
		}
		return fileEnds, nil
	}
	if len(line) == 0 {
		return fileGoesOn, nil
	}
	if f.files == nil {
		f.open(line)
	}
	for _, d := range f.files {
		if d.met&uuPastEnd == 0 && len(line) > 2 && line[0]|32 == 'e' && line[1]|32 == 'n' && line[2]|32 == 'd' {
			d.met |= uuPastEnd
			if err := d.to.snapshot("uu=end-prefix", nil); err != nil {
				return 0, err
			}
		}
		if d.masked != nil {
			if err := d.masked.endLine(line); err != nil {
				return 0, err
			}
		}
		if err := d.data(line); err != nil {
			return 0, err
		}
	}
	return fileGoesOn, nil
}

// open begins the file, or both that it may be, by its first line of data.
func (f *uuFile) open(line []byte) {
	uu, xx := uuencode.regular(line), xxencode.regular(line)
	if uu || !xx {
		f.add(uuencode, "x-uuencode", "")
	}
	if xx {
		label := ""
		if uu {
			label = "uu=xx"
		}
		f.add(xxencode, "x-xxencode", label)
	}
}

func (f *uuFile) add(a *uuAlphabet, encoding, label string) {
	e := *f.path
	e.Encoding = encoding
	e.Reading = withLabel(e.Reading, label)
	f.begin.addName(&e)
	if l := newLeaf(f.c.w, &e, false); l != nil {
		f.files = append(f.files, &uuDecoder{e: &e, to: l, from: a, begun: true})
	}
}

func (f *uuFile) close(cut bool) error {
	if f.files == nil {
		f.add(uuencode, "x-uuencode", "")
	}
	for _, d := range f.files {
		if cut {
			d.e.note(AnomalyBadUU)
		}
		if err := d.close(); err != nil {
			return err
		}
	}
	return nil
}

func (f *uuFile) snapshot(label string) error {
	for _, d := range f.files {
		if err := d.snapshot(label, nil); err != nil {
			return err
		}
	}
	return nil
}

func (f *uuFile) branch(label string) extractor {
	c := &uuFile{c: f.c, begin: f.begin, path: f.path}
	for _, d := range f.files {
		if to, ok := branchOff(d.e, d.to, label).(*leaf); ok {
			n := &uuDecoder{e: to.e, to: to, from: d.from, begun: true, zero: d.zero, met: allUUDoubts}
			c.files = append(c.files, n)
		}
	}
	if len(c.files) < len(f.files) {
		return nil
	}
	return c
}

// fileMarks are what the first lines of carved files begin with.
var fileMarks = [...][]byte{[]byte("begin"), yBegin, []byte("(This file must"), armorBegin}

// HoldsFile reports whether files stand in a text in an encoding of their own
// (uuencode, yEnc, BinHex, armor), so that a Walker that is given the text as a body
// carves them. A text that came as a part of a message has been carved.
func HoldsFile(text []byte) bool {
	for _, mark := range fileMarks {
		for at := 0; ; at += len(mark) {
			i := bytes.Index(text[at:], mark)
			if i < 0 {
				break
			}
			at += i
			start := at
			for start > 0 && isQuote(text[start-1]) {
				start--
			}
			if start > 0 && text[start-1] != '\n' && text[start-1] != '\r' {
				continue
			}
			line, rest := text[at:min(len(text), at+carveLine)], []byte(nil)
			if end := lineEnd(line); end >= 0 {
				line, rest = line[:end], line[end:]
			}
			if startsFile(line) && !usualArmor(line, rest) {
				return true
			}
		}
	}
	return false
}

// usualArmor says whether the line begins what armor is for, and no program hands on as a
// file: what is OpenPGP's, or a certificate or key, which DER begins with a long sequence.
// rest is what follows.
func usualArmor(line, rest []byte) bool {
	label, ok := armorLabel(line, armorBegin)
	return ok && (strings.HasPrefix(label, "PGP ") || isKeyLabel(label) || armorType(label) != cmsType && bytes.HasPrefix(bytes.TrimLeft(rest, "\r\n"), []byte("MI")))
}
