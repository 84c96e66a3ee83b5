package unix

import (
	"bytes"
	"cmp"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Bounds of the expansion of sparse members.
const (
	maxPieces     = 1 << 16  // pieces of one member
	maxHoles      = 64 << 20 // bytes of its holes
	maxPieceList  = 2 << 20  // bytes of the list of format 1.0
	tarPieceBytes = 24       // a piece in a header: offset and length
)

// tarPiece is a part of a sparse member that is stored.
type tarPiece struct {
	offset, length int64 // in the member
	source         int64 // where it lies in the archive, once that is known
}

// readSparseMap reads the pieces in an old GNU sparse header, and in the blocks
// that continue it (GNU tar manual, "Old GNU Format"). It moves behind them.
func (w *tarWalker) readSparseMap(h *tarHeader, b []byte) error {
	h.realSize, _ = tarNumber(b[483:495])
	h.addPieces(b[386:482])
	for extended := b[482] != 0; extended && w.off < w.size; {
		b, err := saferead.UpTo(w.src, w.off, tarBlock, w.size, tarBlock)
		if err != nil {
			return err
		}
		w.off = min(w.off+tarBlock, w.size)
		if len(b) < tarBlock {
			break
		}
		h.addPieces(b[:504])
		extended = b[504] != 0
	}
	return nil
}

func (h *tarHeader) addPieces(b []byte) {
	for ; len(b) >= tarPieceBytes && len(h.pieces) <= maxPieces; b = b[tarPieceBytes:] {
		if b[0] == 0 && b[12] == 0 {
			break // the rest is not used
		}
		offset, ok1 := tarNumber(b[:12])
		length, ok2 := tarNumber(b[12:24])
		if !ok1 || !ok2 {
			offset = -1 // no piece: the map is broken
		}
		h.pieces = append(h.pieces, tarPiece{offset: offset, length: length})
	}
}

// sparseRecord takes a pax record of a sparse member, less its "GNU.sparse.".
func (ext *tarExtension) sparseRecord(key string, value []byte) {
	n, ok := paxNumber(value)
	switch key {
	case "size", "realsize":
		if ok {
			ext.realSize = n
		}
	case "major":
		ext.mapped = ok && n == 1
	case "offset":
		ext.offset = n
	case "numbytes":
		if !ok {
			n = -1
		}
		ext.addPiece(ext.offset, n)
	case "map":
		ext.pieces = nil
		for len(value) > 0 && len(ext.pieces) <= maxPieces {
			var offset, length []byte
			offset, value, _ = bytes.Cut(value, []byte(","))
			length, value, _ = bytes.Cut(value, []byte(","))
			from, ok1 := paxNumber(offset)
			n, ok2 := paxNumber(length)
			if !ok1 || !ok2 {
				n = -1
			}
			ext.addPiece(from, n)
		}
	}
}

func (ext *tarExtension) addPiece(offset, length int64) {
	if len(ext.pieces) <= maxPieces {
		ext.pieces = append(ext.pieces, tarPiece{offset: offset, length: length})
	}
}

// expanded returns a sparse member as it was before it was stored, in each reading, and
// the offset behind it for those who read whole blocks. There is no reading if it is not
// sparse, its pieces overlap, or its holes are above the bound.
//
// QUIRK: GNU tar writes each piece from a block's begin on, as it stored it; libarchive,
// 7-Zip, Go and Python take the pieces to follow each other. That is the same where all
// pieces but the last are whole blocks.
func (w *tarWalker) expanded(h *tarHeader, ext *tarExtension, data, size int64) (bodies []*sparseBody, end int64, err error) {
	pieces, real := h.pieces, h.realSize
	if h.flag != 'S' {
		if !ext.sparse {
			return nil, 0, nil
		}
		pieces, real = ext.pieces, ext.realSize
		if ext.mapped {
			var list int64
			if pieces, list, err = w.pieceList(data, size); err != nil || pieces == nil {
				return nil, 0, err
			}
			data, size = data+list, size-list
		}
	}
	if len(pieces) > maxPieces {
		return nil, 0, nil
	}
	if body, _ := w.layOut(pieces, real, data, size, 1); body != nil {
		bodies = append(bodies, body)
	}
	if wholeBlocks(pieces) {
		return bodies, 0, nil
	}
	body, used := w.layOut(pieces, real, data, maxSparse, tarBlock)
	if body != nil {
		bodies = append(bodies, body)
		body.reading = "blocks"
	}
	return bodies, padded(data, used, w.size), nil
}

// maxSparse is more than any file has, in bytes, and leaves room for sums.
const maxSparse = 1 << 62

// wholeBlocks says whether all pieces but the last are.
func wholeBlocks(pieces []tarPiece) bool {
	whole := true
	for _, p := range pieces {
		if p.length != 0 && !whole {
			return false
		}
		whole = whole && p.length%tarBlock == 0
	}
	return true
}

// layOut says where the pieces lie that are stored one after the other from data on,
// each at a multiple of unit, in room bytes. It returns nil if there is no room, they
// overlap, or the holes are above the bound; else also how many bytes they take.
func (w *tarWalker) layOut(pieces []tarPiece, real, data, room, unit int64) (*sparseBody, int64) {
	var laid []tarPiece
	used, stored := int64(0), int64(0)
	for _, p := range pieces {
		if p.length < 0 || p.offset < 0 || p.length > room-used {
			return nil, 0
		}
		if p.length > 0 {
			laid = append(laid, tarPiece{p.offset, p.length, data + used})
		}
		stored += p.length
		used = min(room, (used+p.length+unit-1)/unit*unit)
	}
	// QUIRK: pieces out of order are written where they say.
	slices.SortFunc(laid, func(a, b tarPiece) int { return cmp.Compare(a.offset, b.offset) })
	at := int64(0)
	for _, p := range laid {
		if p.offset < at || p.offset > real || p.length > real-p.offset {
			return nil, 0
		}
		at = p.offset + p.length
	}
	if real < 0 || real-stored > maxHoles {
		return nil, 0
	}
	return &sparseBody{src: io.NewSectionReader(w.src, 0, w.size), pieces: laid, size: real, reading: "expanded"}, used
}

// pieceList reads the list of format 1.0: decimal numbers, each on a line, the
// first of them the number of pieces, filled up to a block. It returns nil if the
// list is broken, else also its length.
func (w *tarWalker) pieceList(data, size int64) ([]tarPiece, int64, error) {
	most := min(size, maxPieceList)
	if w.pax -= most; w.pax < 0 {
		return nil, 0, nil
	}
	b, err := saferead.UpTo(w.src, data, most, w.size, maxPieceList)
	if err != nil {
		return nil, 0, err
	}
	used := 0
	number := func() int64 {
		line, _, ok := bytes.Cut(b[used:min(len(b), used+24)], []byte("\n"))
		n, plain := paxNumber(line)
		if !ok || !plain {
			return -1
		}
		used += len(line) + 1
		return n
	}
	count := number()
	if count < 0 || count > maxPieces {
		return nil, 0, nil
	}
	pieces := []tarPiece{}
	for range count {
		offset := number()
		length := number()
		if offset < 0 || length < 0 {
			return nil, 0, nil
		}
		pieces = append(pieces, tarPiece{offset: offset, length: length})
	}
	return pieces, min(int64(used+tarBlock-1)/tarBlock*tarBlock, size), nil
}

// sparseBody fills the holes between pieces with zeros.
type sparseBody struct {
	src     *io.SectionReader // the archive
	pieces  []tarPiece        // those that are not read, by offset
	size    int64             // of the whole
	at      int64
	reading string
}

func (b *sparseBody) Read(p []byte) (int, error) {
	for len(b.pieces) > 0 && b.at >= b.pieces[0].offset+b.pieces[0].length {
		b.pieces = b.pieces[1:]
	}
	end := b.size
	if len(b.pieces) > 0 {
		piece := b.pieces[0]
		if into := b.at - piece.offset; into >= 0 {
			p = p[:min(int64(len(p)), piece.length-into)]
			n, err := b.src.ReadAt(p, piece.source+into)
			b.at += int64(n)
			if n == len(p) {
				err = nil
			}
			return n, level.Truncated(err)
		}
		end = piece.offset
	}
	if b.at >= end {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), end-b.at))
	clear(p[:n])
	b.at += int64(n)
	return n, nil
}
