package office

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// rtfLead is how many blanks and other bytes that are no text may precede RTF.
const rtfLead = 64

// How many templates are looked at, and how much of an address in bytes. Word takes
// one.
const (
	rtfTemplates    = 64
	rtfTemplateMost = 2 << 10
)

// rtfFile walks a text in RTF 1.9.1 for what is embedded in it: the data of
// objects, in hexadecimal digits. Groups and destinations are not followed on the
// way: wherever the control word stands, some reader takes it.
type rtfFile struct {
	level.Steps
	src       io.ReaderAt
	size      int64
	limits    level.Limits
	at        *rtfScanner
	objects   int
	templates int    // looked at
	work      int64  // bytes of objects that may still be looked through
	sink      []byte // for what is only counted
}

// RTF is how an RTF document is found and opened.
var RTF = &level.Format{Name: "rtf", Detect: detectRTF, Open: openRTF}

func detectRTF(p *level.Probe) bool { return isRTF(p.Head) }

// isRTF says whether a text begins as RTF.
//
// QUIRK: the specification wants "{\rtf1"; Word is content with the first four
// characters.
func isRTF(head []byte) bool {
	head = bytes.TrimLeft(head[:min(len(head), rtfLead)], "\xEF\xBB\xBF\x00\t\r\n ")
	return len(head) >= 4 && bytes.EqualFold(head[:4], []byte(`{\rt`))
}

func openRTF(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, rtfLead, size, rtfLead)
	if err != nil {
		return nil, err
	}
	if !isRTF(head) {
		return nil, level.ErrFormat
	}
	r := &rtfFile{src: src, size: size, limits: l, at: newRTFScanner(src, 0, size), work: 1<<20 + 8*size}
	r.Then(r.scan)
	return r, nil
}

// scan goes on to the next object and comes back.
func (r *rtfFile) scan() error {
	for r.at.skipTo('\\') {
		word, _ := r.at.control()
		switch strings.ToLower(string(word)) {
		case "objdata", "datastore":
			r.Then(r.object(r.at.offset()), r.scan)
			return nil
		case "template":
			if err := r.template(r.at.offset()); err != nil {
				return err
			}
		}
	}
	return r.at.err
}

// template notes a template that Word would fetch from somewhere else.
func (r *rtfFile) template(off int64) error {
	if r.templates++; r.templates > rtfTemplates {
		return nil
	}
	raw, err := saferead.UpTo(r.src, off, rtfTemplateMost, r.size, rtfTemplateMost)
	if err != nil {
		return err
	}
	for _, fallback := range []int{1, 0} { // \uc says which; 1 is the default
		address := rtfText(raw, fallback)
		if strings.Contains(address, "://") || strings.HasPrefix(address, `\\`) || strings.HasPrefix(address, "//") {
			r.Note(anomaly.RTFTemplate)
		}
	}
	return nil
}

// rtfText decodes the text up to the end of the group: plain characters, escapes
// of bytes and of UTF-16 units, which that many characters for old readers follow.
func rtfText(raw []byte, fallback int) string {
	var b strings.Builder
	s := newRTFScanner(bytes.NewReader(raw), 0, int64(len(raw)))
	for {
		c, ok := s.next()
		if !ok || c == '}' {
			return strings.TrimSpace(b.String())
		}
		switch {
		case c == '\\':
			word, parameter := s.control()
			switch {
			case len(word) == 1 && strings.ContainsRune(`\{}`, rune(word[0])):
				b.WriteByte(word[0])
			case len(word) == 3 && word[0] == '\'':
				n, _ := strconv.ParseUint(string(word[1:]), 16, 8)
				b.WriteByte(byte(n))
			case string(word) == "u":
				b.WriteRune(rune(uint16(parameter)))
				for range fallback {
					if c, _ := s.peek(); c != '\\' && c != '{' && c != '}' {
						s.next()
					}
				}
			}
		case c >= ' ' && c != '{':
			b.WriteByte(c)
		}
	}
}

// object yields an object's data. Where it is written so that readers differ,
// each reading is yielded.
func (r *rtfFile) object(off int64) level.Step {
	return func() error {
		r.objects++
		number := r.objects
		found, err := r.survey(off)
		if err != nil {
			return err
		}
		readings := []rtfReading{{name: ""}}
		if found.odd != 0 {
			r.Note(anomaly.RTFObject)
			readings = found.odd.readings()
		}
		var inside []level.Step
		for _, reading := range readings {
			inside = append(inside, func() error { return r.read(off, number, reading) })
			r.work -= found.s.offset() - off
		}
		r.Then(inside...)
		return nil
	}
}

// survey looks through an object for spots that readers take differently. It
// returns the decoder at the object's end.
func (r *rtfFile) survey(off int64) (*rtfHex, error) {
	h := newRTFHex(r.src, off, r.size, rtfReading{})
	if r.sink == nil {
		r.sink = make([]byte, 4<<10)
	}
	for {
		before := h.s.offset()
		_, err := h.Read(r.sink)
		r.work -= h.s.offset() - before
		switch {
		case err == io.EOF:
			return h, nil
		case err != nil:
			return nil, err
		case r.work < 0:
			return nil, fmt.Errorf("objects inside of objects: %w", level.ErrLimit)
		}
	}
}

// read yields the member of one reading.
func (r *rtfFile) read(off int64, number int, reading rtfReading) error {
	open := func() io.Reader { return newRTFHex(r.src, off, r.size, reading) }
	return ole1Object(&r.Steps, open, fmt.Sprintf("object%d", number), reading.name, r.limits.NameBytes)
}
