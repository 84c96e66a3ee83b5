package inno

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// What the parts of an installer begin with.
const (
	chunkMark  = "zlb\x1a"
	sliceMark  = "idsk"         // then a letter, the bits and \x1a
	idMark     = "Setup Data (" // of the identification
	idBefore   = "Inno Setup "  // what stands before it
	idExtended = "My Inno Setup Extensions "
	idBytes    = 64
	oldMark    = "--" // of the identification up to 1.2: i1.2.10--32\x1a
	oldIDBytes = 12
	tableMark  = "rDlPtS"
	otherTable = "nS5W7dT"   // of a modification
	lzmaMark   = "]\x00\x00" // LZMA's properties as Inno Setup has them
)

// parts is where the parts of an installer may be, each list in ascending order.
type parts struct {
	ids    []int64 // identifications with a block behind
	chunks []int64
	blocks []int64 // blocks of LZMA, with a header whose checksum is right
	tables []table
	slice  int64 // where the data of a slice begin, if the file is one; else 0
	many   bool  // there are more
}

// maxParts is how many of each kind are kept.
const maxParts = 100_000

// Sizes of the search, in bytes: what is looked at together, and around what is found.
const (
	searchStep = 256 << 10
	searchEdge = 512
)

// findParts goes once through the file.
func findParts(src io.ReaderAt, size int64) (*parts, error) {
	p := &parts{}
	buf := make([]byte, min(searchStep+2*searchEdge, size))
	for from := int64(0); from < size; from += searchStep {
		base := max(0, from-searchEdge)
		b := buf[:min(int64(len(buf)), size-base)]
		n, err := src.ReadAt(b, base)
		if err != nil && err != io.EOF {
			return nil, err
		}
		p.search(b[:n], base, from, from+searchStep)
	}
	slices.Sort(p.ids)
	slices.Sort(p.blocks)
	return p, nil
}

// search finds the parts that begin between two offsets of the file; b is of base.
func (p *parts) search(b []byte, base, from, to int64) {
	each := func(pattern string, found func(i int)) {
		for i := 0; i < len(b); i++ {
			k := bytes.Index(b[i:], []byte(pattern))
			if k < 0 {
				return
			}
			i += k
			found(i)
		}
	}
	within := func(i int) bool { return base+int64(i) >= from && base+int64(i) < to }
	each(chunkMark, func(i int) {
		if within(i) {
			p.add(&p.chunks, base+int64(i))
		}
	})
	if from == 0 && isSlice(b) {
		p.slice = 8 + 4 // behind the size, which has 64 bits from 6.5.2 on
		if b[4] == 'b' {
			p.slice = 8 + 8
		}
	}
	for _, pattern := range []string{idMark, oldMark} {
		each(pattern, func(i int) {
			if at := idStart(b, i); at >= 0 && within(at) && hasBlock(b[at:]) {
				p.add(&p.ids, base+int64(at))
			}
		})
	}
	each(lzmaMark, func(i int) {
		for _, head := range []int{blockHead, wideBlockHead} {
			if at := i - head - 4; at >= 0 && within(at) {
				if h, ok := parseBlock(b[at:]); ok && h.head == head {
					p.add(&p.blocks, base+int64(at))
				}
			}
		}
	})
	for _, pattern := range []string{tableMark, otherTable} {
		each(pattern, func(i int) {
			if t, ok := parseTable(b[i:]); ok && within(i) && len(p.tables) < maxTables {
				p.tables = append(p.tables, t)
			}
		})
	}
}

func (p *parts) add(list *[]int64, at int64) {
	if len(*list) == maxParts {
		p.many = true
		return
	}
	if n := len(*list); n == 0 || (*list)[n-1] != at {
		*list = append(*list, at)
	}
}

// none says that there is nothing of an installer.
func (p *parts) none() bool { return len(p.ids)+len(p.chunks)+len(p.blocks) == 0 && p.slice == 0 }

func isSlice(b []byte) bool {
	return len(b) >= 8 && string(b[:4]) == sliceMark && (b[4] == 'a' || b[4] == 'b') && b[7] == 0x1a &&
		slices.Contains([]string{"16", "32", "64"}, string(b[5:7]))
}

// idStart is where the identification begins that has one of its marks at i, -1 if
// there is none.
func idStart(b []byte, i int) int {
	if bytes.HasPrefix(b[i:], []byte(oldMark)) {
		at := i - len("i1.2.10")
		if at >= 0 && b[at] == 'i' && len(b) >= at+oldIDBytes && b[at+oldIDBytes-1] == 0x1a {
			return at
		}
		return -1
	}
	for _, before := range []string{idExtended, idBefore} {
		if bytes.HasSuffix(b[:i], []byte(before)) {
			return i - len(before)
		}
	}
	return -1
}

// hasBlock says whether a block follows the identification that b begins with. The
// program that is in front of it has its identification too, for comparison.
func hasBlock(b []byte) bool {
	_, _, ok := firstBlock(b)
	return ok
}

// firstBlock looks for the first block behind an identification: other headers may
// stand between. at is from the start of b. A header with a wrong checksum is taken if
// compressed data follow right behind the identification.
func firstBlock(b []byte) (h block, at int, ok bool) {
	n := idBytes
	if len(b) > 0 && b[0] == 'i' {
		n = oldIDBytes
	}
	for at := n; at < n+128 && at < len(b); at++ {
		if h, ok := parseBlock(b[at:]); ok {
			return h, at, true
		}
	}
	if len(b) < n {
		return block{}, 0, false
	}
	h, ok = guessBlock(b[n:])
	return h, n, ok
}

// table is what the loader knows of the file.
type table struct {
	program     int64 // offset of the setup program
	programSize int64 // decoded
	packed      int64 // and packed, 0 if that is not known
	sum         uint32
	header      int64 // offset of the identification
	data        int64 // offset that those of chunks are from, 0 if the data are in slices
}

// maxTables is how many tables are read.
const maxTables = 16

// parseTable reads a table of any version.
func parseTable(b []byte) (t table, ok bool) {
	const head = 12
	if len(b) < head+52 {
		return t, false
	}
	word := func(i int) int64 { return int64(binary.LittleEndian.Uint32(b[head+4*i:])) }
	long := func(i int) int64 { return int64(binary.LittleEndian.Uint64(b[head+4*i:])) }
	switch string(b[6:8]) {
	case "02":
		return table{word(1), word(3), word(2), 0, word(6), word(7)}, true
	case "04":
		return table{word(1), word(3), word(2), 0, word(5), word(6)}, true
	case "05", "06":
		return table{word(1), word(3), word(2), uint32(word(4)), word(5), word(6)}, true
	case "07":
		return table{word(1), word(2), 0, uint32(word(3)), word(4), word(5)}, true
	}
	if word(0) == 1 {
		return table{word(2), word(3), 0, uint32(word(4)), word(5), word(6)}, true
	}
	return table{long(3), word(5), 0, uint32(word(6)), long(7), long(9)}, true
}

// order puts the identifications first that a table leads to: what they own is not
// looked for again.
func (p *parts) order() []int64 {
	ids := make([]int64, 0, len(p.ids))
	for _, t := range p.tables {
		if _, found := slices.BinarySearch(p.ids, t.header); found && !slices.Contains(ids, t.header) {
			ids = append(ids, t.header)
		}
	}
	led := len(ids)
	for _, at := range p.ids {
		if !slices.Contains(ids[:led], at) {
			ids = append(ids, at)
		}
	}
	return ids
}

// headOf reads n bytes at an offset, or less at the file's end.
func headOf(src io.ReaderAt, at, size int64, n int) ([]byte, error) {
	return saferead.UpTo(src, at, int64(n), size, n)
}

// errMany says that there are more parts than are kept.
func errMany() error { return fmt.Errorf("parts of installers: %w", level.ErrLimit) }
