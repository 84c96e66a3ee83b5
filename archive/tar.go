package archive

import (
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// tarBlock is the unit of a tar file, in bytes.
const tarBlock = 512

// Bounds of what precedes a member, in bytes.
const (
	maxPax   = 1 << 20 // of one pax header's records
	maxExtra = 64      // extension headers before one member
)

// tarWalker reads headers by their offsets, and a member's bytes are a section
// of the file: nothing is copied, and a size that lies cannot desynchronise more
// than the member itself.
type tarWalker struct {
	src    io.ReaderAt
	size   int64
	limits Limits
	notes  []string

	off     int64          // of the next header
	zeros   bool           // a zero block was met
	forks   []int64        // offsets at which other readers go on, still to be walked
	visited map[int64]bool // headers met since the first fork; nil before
	second  *Member        // the present member under its other size
	body2   storedBody
	global  tarExtension
	body    storedBody
}

func openTar(src io.ReaderAt, size int64, l Limits) (walker, error) {
	b, err := saferead.UpTo(src, 0, tarBlock, size, tarBlock)
	if err != nil {
		return nil, err
	}
	if len(b) < tarBlock || !isTarHeader(b) {
		return nil, ErrFormat
	}
	return &tarWalker{src: src, size: size, limits: l}, nil
}

func (w *tarWalker) anomalies() []string { return w.notes }
func (w *tarWalker) close()              {}
func (w *tarWalker) note(name string)    { w.notes = noteOnce(w.notes, name) }

func (w *tarWalker) next() (*Member, io.Reader, error) {
	if m := w.second; m != nil {
		w.second = nil
		w.body = w.body2
		return m, &w.body, nil
	}
	var ext tarExtension
	for range maxExtra {
		h, err := w.header()
		if err != nil {
			return nil, nil, err
		}
		data := w.off
		body := saferead.Section(w.src, data, h.size, w.size)
		switch h.flag {
		case 'L', 'K', 'x', 'X', 'g':
			w.off = padded(data, h.size, w.size)
			if err := w.extend(&ext, h, body); err != nil {
				return nil, nil, err
			}
			continue
		}
		m, size := w.member(h, &ext)
		w.off = padded(data, size, w.size)
		w.body = w.bodyOf(m, data, size)
		if size != h.size && size < paxNeeded {
			w.fork(m, data, h.size)
		}
		return m, &w.body, nil
	}
	return nil, nil, fmt.Errorf("extension headers: %w", ErrLimit)
}

// paxNeeded is the size from which the header's octal field is too short.
const paxNeeded = 8 << 30

// fork keeps the reading of those who skip by the header's size although a pax
// record gives another (CVE-2025-62518).
func (w *tarWalker) fork(m *Member, data, size int64) {
	m.note(AnomalyTarSize)
	if w.visited == nil {
		w.visited = map[int64]bool{}
	}
	w.forks = append(w.forks, padded(data, size, w.size))
	if size > 0 {
		other := *m
		other.Names, other.Anomalies = slices.Clone(m.Names), slices.Clone(m.Anomalies)
		other.Size, other.Reading = size, "header"
		m.Reading = "pax"
		w.second, w.body2 = &other, w.bodyOf(&other, data, size)
	}
}

func (w *tarWalker) bodyOf(m *Member, data, size int64) storedBody {
	return newStoredBody(w.src, w.size, data, size, m)
}

// padded is the offset of the block behind n bytes at off.
func padded(off, n, size int64) int64 {
	if n > size-off {
		return size
	}
	return off + (n+tarBlock-1)/tarBlock*tarBlock // n is within the file: no overflow
}

// header returns the next header and moves behind it. Zero blocks end an archive
// for most readers; some go on (tar -i, and whoever concatenates), so this does.
func (w *tarWalker) header() (*tarHeader, error) {
	for {
		for w.off >= w.size || w.visited[w.off] {
			if len(w.forks) == 0 {
				w.off = w.size
				return nil, io.EOF
			}
			w.off, w.forks, w.zeros = w.forks[0], w.forks[1:], false
		}
		if w.visited != nil {
			w.visited[w.off] = true
		}
		b, err := saferead.UpTo(w.src, w.off, tarBlock, w.size, tarBlock)
		if err != nil {
			return nil, err
		}
		if len(b) < tarBlock {
			if !allZero(b) {
				w.note(AnomalyAppended)
			}
			w.off = w.size
			continue
		}
		w.off += tarBlock
		if allZero(b) {
			w.zeros = true
			continue
		}
		h, ok := parseTarHeader(b)
		if !ok {
			w.note(AnomalyTarGarbage)
			continue
		}
		if !h.checked {
			w.note(AnomalyChecksum)
		}
		if w.zeros {
			w.note(AnomalyAfterZeros)
		}
		if h.flag == 'S' && b[482] != 0 {
			if err := w.skipSparseMap(); err != nil {
				return nil, err
			}
		}
		return h, nil
	}
}

// skipSparseMap moves behind the blocks that continue an old GNU sparse header.
func (w *tarWalker) skipSparseMap() error {
	for w.off < w.size {
		b, err := saferead.UpTo(w.src, w.off, tarBlock, w.size, tarBlock)
		if err != nil {
			return err
		}
		w.off += tarBlock
		if len(b) < tarBlock || b[504] == 0 {
			break
		}
	}
	w.off = min(w.off, w.size)
	return nil
}

// member puts a header and its extensions together. It returns the number of
// bytes that the member occupies.
func (w *tarWalker) member(h *tarHeader, ext *tarExtension) (*Member, int64) {
	m := &Member{Method: "stored", Size: h.size, Dir: h.flag == '5'}
	for _, n := range [][]byte{ext.paxName, ext.gnuName, w.global.paxName, h.name} {
		if len(n) == 0 {
			continue
		}
		for _, s := range decodeNames(n, latin1) {
			m.addName(s, w.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		m.note(AnomalyNameEmpty)
	} else if n := m.Names[0]; n != "" && n[len(n)-1] == '/' {
		m.Dir = true
	}
	if ext.cut {
		m.note(AnomalyNameCut)
	}
	if h.bad {
		m.note(AnomalyTarField)
	}
	if ext.sparse || h.flag == 'S' {
		m.note(AnomalyTarSparse)
	}
	size := h.size
	switch {
	case ext.sizeSet:
		size = ext.size
	case w.global.sizeSet:
		size = w.global.size
	}
	m.Size = size
	return m, size
}
