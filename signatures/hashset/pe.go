package hashset

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fivefifty/fivefifty/scanner"
)

// errSections says that sections overlap so much that not all were looked up.
var errSections = errors.New("sections of a PE file overlap too often to take their digests")

// maxOverlap bounds the bytes of sections that are digested, in sizes of the
// object: real sections do not overlap.
const maxOverlap = 4

// sections looks up the digests of a PE file's sections.
func (l *lookup) sections(ctx context.Context, obj *scanner.Object) error {
	if !l.set.hasSections() {
		return nil
	}
	b, err := obj.Bytes()
	if err != nil {
		return err
	}
	left := maxOverlap * int64(len(b))
	for i, s := range peSections(b) {
		for k := sectionSHA256; k < kinds; k++ {
			if !l.set.tables[k].mayHave(int64(len(s))) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if left -= int64(len(s)); left < 0 {
				return errSections
			}
			h := hashes[k].New()
			h.Write(s)
			if err := l.find(k, h.Sum(nil), int64(len(s)), fmt.Sprintf("section %d, ", i+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Set) hasSections() bool {
	for k := sectionSHA256; k < kinds; k++ {
		if s.tables[k].Rows > 0 {
			return true
		}
	}
	return false
}

// Sizes and places in a PE file (Microsoft's PE Format).
const (
	maxSections   = 96 // Windows loads no more
	dosHeader     = 64
	peAt          = 0x3c // where the DOS header has the offset of "PE"
	coffHeader    = 4 + 20
	sectionHeader = 40
	defaultAlign  = 0x200
	fileAlignAt   = 36 // in the optional header
)

// peSections returns the bytes of each section of a PE file as far as the file
// has them; nil if b is none. Windows takes a section's start down to a multiple
// of the file's alignment, and its length up to one.
func peSections(b []byte) [][]byte {
	if len(b) < dosHeader || b[0] != 'M' || b[1] != 'Z' {
		return nil
	}
	at := uint64(binary.LittleEndian.Uint32(b[peAt:]))
	if at+coffHeader > uint64(len(b)) || string(b[at:at+4]) != "PE\x00\x00" {
		return nil
	}
	count := min(int(binary.LittleEndian.Uint16(b[at+6:])), maxSections)
	optional := at + coffHeader
	alignment := uint64(defaultAlign)
	if optional+fileAlignAt+4 <= uint64(len(b)) {
		alignment = uint64(binary.LittleEndian.Uint32(b[optional+fileAlignAt:]))
	}
	at = optional + uint64(binary.LittleEndian.Uint16(b[at+20:]))
	var all [][]byte
	for ; count > 0 && at+sectionHeader <= uint64(len(b)); count, at = count-1, at+sectionHeader {
		length, start := uint64(binary.LittleEndian.Uint32(b[at+16:])), uint64(binary.LittleEndian.Uint32(b[at+20:]))
		if alignment != defaultAlign && start%defaultAlign == 0 && alignment != 0 && start%alignment != 0 {
			alignment = defaultAlign // the header lies: sections stand between its multiples
		}
		all = append(all, slice(b, start, length, alignment))
	}
	return all
}

// slice returns the part of b that a section's start and length mean.
func slice(b []byte, start, length, alignment uint64) []byte {
	if alignment > 1 {
		start -= start % alignment
		length += (alignment - length%alignment) % alignment
	}
	if start >= uint64(len(b)) {
		return nil
	}
	return b[start:][:min(length, uint64(len(b))-start)]
}
