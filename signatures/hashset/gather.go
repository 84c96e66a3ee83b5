package hashset

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"io"
	"slices"
)

// gathered are the rows of one kind that were read: digest, size and label
// (uint32 each, big-endian), so that their order is that of their bytes.
type gathered struct {
	rows  []byte
	runs  []run  // sorted ones in the temporary file
	count uint64 // of both

	unsized bool   // a row gives no size
	sizes   []byte // bitmap of those given, of 1<<sizesLog bits
	largest int64
}

const extraBytes = 4 + 4 // of size and label

func (g *gathered) add(digest []byte, size int64, label uint32) {
	g.rows = append(g.rows, digest...)
	g.rows = binary.BigEndian.AppendUint32(g.rows, uint32(size))
	g.rows = binary.BigEndian.AppendUint32(g.rows, label)
	g.count++
	if size == anySize {
		g.unsized = true
		return
	}
	if g.sizes == nil {
		g.sizes = make([]byte, 1<<sizesLog/8)
	}
	bit := sizeBit(size, sizesLog)
	g.sizes[bit/8] |= 1 << (bit % 8)
	g.largest = max(g.largest, size)
}

// sizesBitmap returns the bitmap of sizes, folded to what so many rows need,
// and log2 of its bits; nothing if a row gives no size.
func (g *gathered) sizesBitmap() ([]byte, uint8) {
	if g.unsized {
		return nil, 0
	}
	b, log := slices.Clone(g.sizes), uint8(sizesLog)
	for log > minSizesLog && 1<<log > 64*g.count {
		half := len(b) / 2
		for i, v := range b[half:] {
			b[i] |= v
		}
		b, log = b[:half], log-1
	}
	return b, log
}

// sorted returns the rows in memory as a source, whose order takes the room of
// the slice that is handed in.
func (g *gathered) sorted(width int, order []place) *memorySource {
	n := len(g.rows) / width
	order = slices.Grow(order[:0], n)
	for i := range n {
		order = append(order, place{binary.BigEndian.Uint64(g.rows[i*width:]), uint32(i)})
	}
	slices.SortFunc(order, func(a, b place) int {
		switch {
		case a.start < b.start:
			return -1
		case a.start > b.start:
			return 1
		}
		return bytes.Compare(g.rows[int(a.row)*width:][:width], g.rows[int(b.row)*width:][:width])
	})
	return &memorySource{rows: g.rows, width: width, order: order}
}

// place is where a row stands, beside what it begins with.
type place struct {
	start uint64
	row   uint32
}

// source gives rows in order. A row is valid until the next call.
type source interface {
	next() ([]byte, error) // io.EOF behind the last
}

type memorySource struct {
	rows  []byte
	width int
	order []place
}

func (s *memorySource) next() ([]byte, error) {
	if len(s.order) == 0 {
		return nil, io.EOF
	}
	row := s.rows[int(s.order[0].row)*s.width:][:s.width]
	s.order = s.order[1:]
	return row, nil
}

// run is where sorted rows stand in the temporary file.
type run struct{ at, length int64 }

type runSource struct {
	in  *bufio.Reader
	row []byte
}

func newRunSource(f io.ReaderAt, r run, width int) *runSource {
	return &runSource{bufio.NewReaderSize(io.NewSectionReader(f, r.at, r.length), 64<<10), make([]byte, width)}
}

func (s *runSource) next() ([]byte, error) {
	_, err := io.ReadFull(s.in, s.row)
	return s.row, err
}

// merged gives the rows of several sources in order, each once.
type merged struct {
	heads headHeap
	last  []byte
}

type head struct {
	row []byte
	of  source
}

func merge(sources []source) (*merged, error) {
	m := new(merged)
	for _, s := range sources {
		row, err := s.next()
		if err == io.EOF {
			continue
		}
		if err != nil {
			return nil, err
		}
		m.heads = append(m.heads, head{row, s})
	}
	heap.Init(&m.heads)
	return m, nil
}

// next returns the next row that differs from the one before it.
func (m *merged) next() ([]byte, error) {
	for len(m.heads) > 0 {
		first := &m.heads[0]
		again := bytes.Equal(first.row, m.last)
		m.last = append(m.last[:0], first.row...)
		row, err := first.of.next()
		switch err {
		case nil:
			first.row = row
			heap.Fix(&m.heads, 0)
		case io.EOF:
			heap.Pop(&m.heads)
		default:
			return nil, err
		}
		if !again {
			return m.last, nil
		}
	}
	return nil, io.EOF
}

type headHeap []head

func (h headHeap) Len() int           { return len(h) }
func (h headHeap) Less(i, j int) bool { return bytes.Compare(h[i].row, h[j].row) < 0 }
func (h headHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *headHeap) Push(x any)        { *h = append(*h, x.(head)) }
func (h *headHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
