package inno

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

var (
	markID  = &level.Mark{Text: idMark, Even: 6, Odd: 5, Fits: identifies}
	marksID = []*level.Mark{markID}
)

// Format is how an installer of Inno Setup, or a slice of one, is found and opened.
var Format = &level.Format{Name: "innosetup", Detect: detect, Open: open, Marks: marksID}

// identifies says whether an identification that a block follows has its mark at an
// offset.
func identifies(p *level.Probe, at int64) bool {
	from := at - min(at, int64(len(idExtended)))
	b := p.At(from, searchEdge)
	if i := int(at - from); i < len(b) {
		if start := idStart(b, i); start >= 0 {
			return hasBlock(b[start:])
		}
	}
	return false
}

// detect looks for the identification, and for what an installer begins with: at the
// file's begin, or behind the program in front. Up to 5.1.4 that program has a mark of
// its own, then the table as a resource.
func detect(p *level.Probe) bool {
	if p.Met(markID) || begins(p.Head) {
		return true
	}
	if len(p.Head) < 64 || string(p.Head[:2]) != "MZ" {
		return false
	}
	if string(p.Head[48:52]) == "Inno" && binary.LittleEndian.Uint32(p.Head[52:]) == ^binary.LittleEndian.Uint32(p.Head[56:]) {
		return true
	}
	pe, ok := parsePE(p)
	return ok && (pe.hasTable() || begins(p.At(pe.end, searchEdge)))
}

// begins says whether b is the start of what stands behind the program.
func begins(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	if isSlice(b) || string(b[:4]) == chunkMark {
		return true
	}
	h, ok := parseBlock(b)
	if ok && h.packed && len(b) >= h.head+7 && string(b[h.head+4:h.head+7]) == lzmaMark {
		return true
	}
	return (string(b[:2]) == "In" || string(b[:2]) == "My" || b[0] == 'i' && b[11] == 0x1a) && hasBlock(b)
}

// walker yields the members of all setups in a file, and then what none of them leads to.
type walker struct {
	level.Steps
	src      io.ReaderAt
	size     int64
	limits   level.Limits
	keys     level.Candidates
	parts    *parts
	ids      []int64 // still to be read
	setups   int
	free     int            // the first chunk that may not be covered
	blocks   map[int64]bool // that were read
	covered  spans          // what was read of chunks
	dec      decoders
	drained  int64
	work     work
	carved   int64 // bytes that were read of chunks that nothing leads to
	closed   bool  // a setup is encrypted with its list of files
	filtered [filterBlock]byte
	open     *chunk
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	p, err := findParts(src, size)
	if err != nil {
		return nil, err
	}
	if p.none() {
		return nil, level.ErrFormat
	}
	w := &walker{src: src, size: size, limits: l, parts: p, ids: p.order(), keys: level.Candidates{Keys: l.Keys},
		blocks: map[int64]bool{}, dec: decoders{limit: l.Dictionary}}
	w.Then(w.continued, w.nextSetup, w.carveBlocks, w.carvePrograms, w.carveChunks, w.end)
	return w, nil
}

// Close implements level.Walker.
func (w *walker) Close() {
	if w.open != nil {
		w.open.release()
	}
	w.Steps.Close()
}

// end says whether there was more.
func (w *walker) end() error {
	if w.parts.many {
		return errMany()
	}
	return nil
}

// nextSetup begins the next setup that is not within a chunk of another one.
func (w *walker) nextSetup() error {
	for len(w.ids) > 0 {
		at := w.ids[0]
		w.ids = w.ids[1:]
		if w.covered.has(at) {
			continue
		}
		s, err := newSetup(w, at)
		if err != nil {
			return err
		}
		w.setups++
		w.Then(s.nextBlock, w.nextSetup)
		return nil
	}
	return nil
}

// spans are parts of a file that do not overlap, in ascending order.
type spans []span

type span struct{ from, to int64 }

// behind is the first span that ends behind an offset.
func (s spans) behind(at int64) int {
	i, _ := slices.BinarySearchFunc(s, at, func(x span, at int64) int {
		if x.to <= at {
			return -1
		}
		return 1
	})
	return i
}

// has says whether an offset is within one of them.
func (s spans) has(at int64) bool {
	i := s.behind(at)
	return i < len(s) && s[i].from <= at
}

// add puts another one in, which takes the place of those that it overlaps.
func (s *spans) add(from, to int64) {
	i := s.behind(from)
	j := i
	for j < len(*s) && (*s)[j].from < to {
		from, to = min(from, (*s)[j].from), max(to, (*s)[j].to)
		j++
	}
	*s = slices.Replace(*s, i, j, span{from, to})
}
