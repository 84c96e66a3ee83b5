package unix

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// cpioTrailer is the name of the member that ends an archive.
const cpioTrailer = "TRAILER!!!"

// cpioFirst is how far a header in order is sought if the first is not, in bytes.
const cpioFirst = 8 << 10

// cpioWalker goes from header to header by their sizes. Where no header is, it
// seeks the next, as GNU cpio and libarchive do.
type cpioWalker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	off   int64 // of the next header
	data  int64 // what the member before covers, 0 if it was searched already
	kind  cpioKind
	ended bool  // a trailer was met
	stray int64 // offset of bytes behind the trailer that are no header, 0 for none
	body  level.Stored
}

// Cpio is how cpio archives are found and opened.
var Cpio = &level.Format{Name: "cpio", Detect: detectCpio, Open: openCpio}

func openCpio(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	b, err := saferead.UpTo(src, 0, cpioFirst, size, cpioFirst)
	if err != nil {
		return nil, err
	}
	kind, ok := beginsCpio(b)
	if !ok {
		return nil, level.ErrFormat
	}
	return &cpioWalker{src: src, size: size, limits: l, kind: kind}, nil
}

// beginsCpio says whether a file is a cpio file, b being its begin: by its first
// header if that is in order, else by one that follows soon, for programs seek it.
func beginsCpio(b []byte) (kind cpioKind, ok bool) {
	b = b[:min(len(b), cpioFirst)]
	h, ok := parseCpioHeader(b, cpioAny)
	if ok && h.sure() {
		return h.kind, true
	}
	kinds := cpioKind(0)
	if ok {
		kinds = h.kind
	}
	for at := 1; at < len(b); at++ {
		i := nextCpioHeader(b[at:], kinds)
		if i < 0 {
			return 0, false
		}
		at += i
		if h, ok := parseCpioHeader(b[at:], kinds); ok && h.named {
			return h.kind, true
		}
	}
	return 0, false
}

func detectCpio(p *level.Probe) bool {
	_, ok := beginsCpio(p.Head)
	return ok
}

func (w *cpioWalker) Anomalies() []string { return w.notes }
func (w *cpioWalker) Close()              {}
func (w *cpioWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }

func (w *cpioWalker) Next() (*level.Member, io.Reader, error) {
	for {
		h, err := w.header()
		if err == io.EOF {
			return stream.AppendedMember(saferead.Section(w.src, 0, w.size, w.size), &w.stray)
		}
		if err != nil {
			return nil, nil, err
		}
		m, data, err := w.member(h)
		if err != nil {
			return nil, nil, err
		}
		w.body = level.NewStored(w.src, w.size, data, h.size, m)
		w.body.Summed, w.body.Want = h.kind == cpioCRC && h.size > 0, h.check
		w.off, w.data = h.next(w.off, data, w.size)
		if len(m.Names) > 0 && m.Names[0] == cpioTrailer {
			w.ended = true
			if h.size == 0 {
				continue
			}
		} else if w.ended {
			w.note(anomaly.AfterZeros)
		}
		return m, &w.body, nil
	}
}

// header returns the next header; w.off is its offset.
func (w *cpioWalker) header() (*cpioHeader, error) {
	for w.off < w.size || w.astray() {
		b, err := saferead.UpTo(w.src, w.off, cpioMaxHeader, w.size, cpioMaxHeader)
		if err != nil {
			return nil, err
		}
		if h, ok := parseCpioHeader(b, w.kind); ok {
			return h, nil
		}
		if h, ok := parseCpioUnmarked(b, w.kind); ok {
			w.note(anomaly.CpioField)
			return h, nil
		}
		if !level.AllZeros(b) {
			w.astray()
		}
		if err := w.seek(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// astray goes back to the data of the member before, if they were not searched:
// its size led to where no header is, so the data may hold the next.
func (w *cpioWalker) astray() bool {
	if w.data == 0 || w.ended {
		return false
	}
	w.off, w.data = w.data, 0
	return true
}

// seek goes from what is no header to what may be one. Zero bytes fill an archive
// up to a block behind the trailer.
func (w *cpioWalker) seek() error {
	const chunk = 32 << 10
	b, err := saferead.UpTo(w.src, w.off, chunk, w.size, chunk)
	if err != nil || len(b) == 0 {
		w.off = w.size
		return err
	}
	n := len(b)
	if i := nextCpioHeader(b[1:], w.kind); i >= 0 {
		n = i + 1
	} else if w.off+int64(n) < w.size {
		n -= cpioMaxHeader - 1 // a header may lie at the border
	}
	if zeros := n - len(bytes.TrimLeft(b[:n], "\x00")); zeros < n {
		w.strayAt(w.off + int64(zeros))
	}
	w.off += int64(n)
	return nil
}

func (w *cpioWalker) strayAt(off int64) {
	switch {
	case w.off == 0:
		w.note(anomaly.Prepended)
		return
	case !w.ended:
		w.note(anomaly.Gap)
		return
	}
	w.note(anomaly.Appended)
	if w.stray == 0 {
		w.stray = off
	}
}

// member reads the name behind a header. It returns where the data begins.
func (w *cpioWalker) member(h *cpioHeader) (*level.Member, int64, error) {
	m := &level.Member{Method: "stored", Size: h.size, Dir: h.mode&0o170000 == 0o040000}
	at := w.off + h.length
	raw, err := saferead.UpTo(w.src, at, h.name, w.size, w.limits.NameBytes+1)
	if err != nil {
		return nil, 0, err
	}
	if int64(len(raw)) < h.name {
		level.Note(m, anomaly.NameCut)
	}
	raw = bytes.TrimRight(raw, "\x00")
	for _, name := range level.DecodeNames(raw, level.Latin1) {
		level.AddName(m, name, w.limits.NameBytes)
	}
	if len(raw) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	if h.bad {
		// Readers make different numbers of it: none goes further than this.
		level.Note(m, anomaly.CpioField)
		h.size = w.size - at
		return m, at, nil
	}
	data := at + h.name
	data += h.pad(data - w.off)
	if data > w.size {
		level.Note(m, anomaly.Truncated)
		m.Err = fmt.Errorf("name of %d bytes: %w", h.name, level.ErrMalformed)
	}
	return m, min(data, w.size), nil
}
