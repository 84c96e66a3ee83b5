package unix

import (
	"bytes"
	"io"
	"strconv"
	"unicode"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Parts of an ar file (ar(5) of FreeBSD; binutils' "GNU" and BSD's long names).
const (
	arMagic       = "!<arch>\n"
	arHeaderBytes = 60
	arEnd         = "`\n"    // the end of a header
	arNameTable   = 16 << 20 // bytes of GNU's table of names that are kept
	arLongName    = 255      // bytes of a file's name, where files have names
)

// arWalker goes from header to header by their sizes. Where no header is, it
// seeks the next.
type arWalker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	off   int64 // of the next header
	data  int64 // of the member before, 0 if it was searched already
	table []byte
	body  level.Stored
	more  []tarReading // of the member before, still to be given
}

// Ar is how ar archives are found and opened.
var Ar = &level.Format{Name: "ar", Detect: detectAr, Open: openAr}

func openAr(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	b, err := saferead.UpTo(src, 0, int64(len(arMagic)), size, len(arMagic))
	if err != nil {
		return nil, err
	}
	if string(b) != arMagic {
		return nil, level.ErrFormat
	}
	return &arWalker{src: src, size: size, limits: l, off: int64(len(arMagic))}, nil
}

func detectAr(p *level.Probe) bool { return bytes.HasPrefix(p.Head, []byte(arMagic)) }

func (w *arWalker) Anomalies() []string { return w.notes }
func (w *arWalker) Close()              {}
func (w *arWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }

func (w *arWalker) Next() (*level.Member, io.Reader, error) {
	if len(w.more) > 0 {
		r := w.more[0]
		w.more = w.more[1:]
		return r.member, r.body, nil
	}
	h, err := w.header()
	if err != nil {
		return nil, nil, err
	}
	m := &level.Member{Method: "stored", Size: h.size}
	data := w.off + arHeaderBytes
	w.off, w.data = h.behind(data, w.size), data
	raw, size := h.name, h.size
	switch {
	case bytes.HasPrefix(raw, []byte("#1/")):
		n, ok := arNumber(raw[3:])
		n = min(n, size)
		if !ok {
			break
		}
		long, err := saferead.UpTo(w.src, data, n, w.size, w.limits.NameBytes+1)
		if err != nil {
			return nil, nil, err
		}
		raw = bytes.TrimRight(long, "\x00")
		if n > arLongName || bytes.ContainsFunc(raw, unicode.IsControl) {
			// QUIRK: to 7-Zip, a name that is too long is part of the data; to programs
			// that know only GNU's names, all are.
			w.also(&level.Member{Names: []string{string(h.name)}, Method: "stored", Size: size, Reading: "whole"}, data, size)
			level.Note(m, anomaly.ArField)
		}
		data, size = data+n, size-n
		m.Size = size
	case string(raw) == "//":
		if w.table, err = saferead.UpTo(w.src, data, size, w.size, arNameTable); err != nil {
			return nil, nil, err
		}
	case len(raw) > 1 && raw[0] == '/' && raw[1] >= '0' && raw[1] <= '9':
		raw = w.longName(raw, m)
	case len(raw) > 1 && raw[len(raw)-1] == '/' && string(raw) != "/SYM64/":
		raw = raw[:len(raw)-1]
	}
	for _, name := range level.DecodeNames(raw, level.Latin1) {
		level.AddName(m, name, w.limits.NameBytes)
	}
	if len(raw) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	if h.bad {
		// Readers make different numbers of it: none goes further than this; most take
		// the digits that it begins with.
		level.Note(m, anomaly.ArField)
		if size > 0 && size < w.size-data {
			digits := cloneMember(m)
			digits.Reading = "digits"
			w.also(digits, data, size)
		}
		size = w.size - data
	}
	w.body = level.NewStored(w.src, w.size, data, size, m)
	return m, &w.body, nil
}

// also keeps another reading of the present member.
func (w *arWalker) also(m *level.Member, data, size int64) {
	body := level.NewStored(w.src, w.size, data, size, m)
	w.more = append(w.more, tarReading{m, &body})
}

// longName looks "/123" up in GNU's table of names.
func (w *arWalker) longName(raw []byte, m *level.Member) []byte {
	at, ok := arNumber(raw[1:])
	if !ok || at >= int64(len(w.table)) {
		level.Note(m, anomaly.ArField)
		return raw
	}
	name := w.table[at:]
	name = name[:min(len(name), w.limits.NameBytes+1)]
	if i := bytes.IndexAny(name, "\n\x00"); i >= 0 {
		name = name[:i]
	}
	return bytes.TrimSuffix(name, []byte("/"))
}

// arHeader is what matters of a header.
type arHeader struct {
	name []byte // less the spaces that fill it
	size int64
	bad  bool // the size is no number
}

// behind is where the header behind a member is sought: at an even offset. If the
// size cannot be trusted, that is in the data itself.
func (h *arHeader) behind(data, container int64) int64 {
	if h.bad {
		return data
	}
	if h.size > container-data {
		return container
	}
	return data + h.size + h.size&1
}

func parseArHeader(b []byte) (*arHeader, bool) {
	if len(b) < arHeaderBytes || string(b[58:60]) != arEnd {
		return nil, false
	}
	size, ok := arNumber(b[48:58])
	return &arHeader{name: bytes.TrimRight(b[:16], " "), size: size, bad: !ok}, true
}

// arNumber reads a decimal number with spaces around it; what follows the digits
// makes it doubtful, not unreadable.
func arNumber(f []byte) (n int64, ok bool) {
	f = bytes.Trim(f, " ")
	digits := 0
	for digits < len(f) && f[digits] >= '0' && f[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(string(f[:digits]), 10, 64)
	return n, err == nil && digits == len(f)
}

// header returns the next header; w.off is its offset.
func (w *arWalker) header() (*arHeader, error) {
	for w.off < w.size || w.astray() {
		// QUIRK: some writers do not fill a member of odd length up.
		b, err := saferead.UpTo(w.src, w.off-1, arHeaderBytes+1, w.size, arHeaderBytes+1)
		if err != nil {
			return nil, err
		}
		if h, ok := parseArHeader(b[1:]); ok {
			return h, nil
		}
		if h, ok := parseArHeader(b); ok && w.off > int64(len(arMagic)) {
			w.off--
			return h, nil
		}
		w.astray()
		if err := w.seek(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// astray goes back to the data of the member before, if they were not searched:
// its size led to where no header is, so the data may hold the next.
func (w *arWalker) astray() bool {
	if w.data == 0 || w.off == w.size && !w.body.Short {
		return false
	}
	w.off, w.data = w.data, 0
	return true
}

// seek goes from what is no header to what may be one.
func (w *arWalker) seek() error {
	const chunk = 32 << 10
	b, err := saferead.UpTo(w.src, w.off, chunk, w.size, chunk)
	if err != nil || len(b) == 0 {
		w.off = w.size
		return err
	}
	n := len(b)
	if w.off+int64(n) < w.size {
		n -= arHeaderBytes - 1 // a header may lie at the border
	}
	for at := 1; ; at++ {
		i := bytes.Index(b[at:], []byte(arEnd))
		if i < 0 {
			break
		}
		at += i
		if begin := at - arHeaderBytes + len(arEnd); begin > 0 {
			if h, ok := parseArHeader(b[begin:]); ok && !h.bad {
				n = begin
				break
			}
		}
	}
	if len(bytes.Trim(b[:n], "\n\x00")) > 0 {
		if n == len(b) {
			w.note(anomaly.Appended)
		} else {
			w.note(anomaly.Gap)
		}
	}
	w.off += int64(n)
	return nil
}
