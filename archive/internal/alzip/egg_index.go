package alzip

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Signatures of EGG, little-endian.
const (
	eggMagic    = "EGGA\x00\x01" // with the version
	eggFile     = 0x0a8590e3
	eggBlock    = 0x02b50c13
	eggEnd      = 0x08e28222 // of each header, and of the archive
	eggName     = 0x0a8591ac
	eggNote     = 0x04c63672 // a comment
	eggWindows  = 0x2c86950b
	eggPosix    = 0x1ee922e5
	eggEncrypt  = 0x08d1470f
	eggSplit    = 0x24f5a262
	eggSolid    = 0x24e5a060
	eggDummy    = 0x07463307
	eggSkip     = 0xffff0000
	eggHeader   = 14 // bytes of the archive's header
	eggBlockLen = 4 + 2 + 12
)

// Flags of an extra field.
const (
	eggWide      = 0x01 // its size has 32 bits
	eggSecret    = 0x04 // it is encrypted
	eggCodepage  = 0x08 // a name is not UTF-8, and says what it is
	eggRelative  = 0x10 // a name begins with the number of a folder
	eggFolderBit = 0x80 // of the attributes of Windows
)

// Bounds of what is kept, in bytes: of one extra field, and of all names, which can be
// behind the names of folders, and comments.
const (
	eggMaxExtra = 64 << 10
	eggMaxTexts = 32 << 20
)

// eggMaxBlocks bounds the blocks of all files, each of which is decoded by itself.
const eggMaxBlocks = 256 << 10

// eggEntry is a file.
type eggEntry struct {
	id        uint32
	size      int64
	names     []string
	comments  []string
	encrypted bool
	dir       bool
	blocks    []eggPart
}

// eggPart is a block.
type eggPart struct {
	method             byte
	size, packed, data int64
	crc                uint32
}

// eggIndex is all that the headers say.
type eggIndex struct {
	files     []*eggEntry
	blocks    []eggPart // of a solid archive
	comments  []string  // of the archive
	solid     bool
	before    bool // there is another volume before this one
	after     bool // and behind it
	encrypted bool
	notes     []string
	err       error // more files than are allowed
}

// eggReader reads the headers.
type eggReader struct {
	f      *input.Fields
	limits level.Limits
	x      *eggIndex
	names  map[uint32]string // of folders, by their number
	texts  int               // bytes of names and comments
	blocks int               // of all files

	// Searches for the headers of files and blocks, and what each found last: that
	// stands until it is passed, so that the file is searched once.
	searches [2]*input.Search
	found    [2]int64
}

// readEggIndex reads the headers from an offset on.
func readEggIndex(src io.ReaderAt, off, size int64, l level.Limits) (*eggIndex, error) {
	r := &eggReader{f: input.NewFields(src, size), limits: l, x: &eggIndex{}, names: map[uint32]string{}}
	r.f.Off = off + eggHeader
	r.extras(nil)
	ended := false
	for r.f.Left() >= 4 && r.f.Err == nil && r.x.err == nil {
		at := r.f.Off
		switch sign := r.f.U32(); sign {
		case eggFile:
			r.file()
			ended = false
		case eggBlock:
			r.block()
			ended = false
		case eggEnd:
			ended = true
		case eggNote, eggSplit, eggSolid, eggEncrypt, eggDummy, eggSkip, eggName, eggWindows, eggPosix:
			r.f.Off = at
			r.extra(nil)
		default:
			r.search(at, ended)
		}
	}
	if !ended && r.f.Err == nil && !r.x.after {
		r.note(anomaly.Truncated)
	}
	return r.x, r.f.Err
}

func (r *eggReader) note(name string) { r.x.notes = level.NoteOnce(r.x.notes, name) }

// search goes on at the next header of a file or block.
//
// QUIRK: ALZip writes neither junk nor archives behind each other; other readers stop
// at what they do not know.
func (r *eggReader) search(from int64, ended bool) {
	next := int64(-1)
	for i, sign := range [...]uint32{eggFile, eggBlock} {
		if r.searches[i] == nil {
			r.searches[i] = input.NewSearch(r.f.Src, r.f.Size, string(binary.LittleEndian.AppendUint32(nil, sign)))
		}
		if at := r.found[i]; at >= 0 && at < from {
			if r.found[i], r.f.Err = r.searches[i].Next(from); r.f.Err != nil {
				return
			}
		}
		if at := r.found[i]; at >= 0 && (next < 0 || at < next) {
			next = at
		}
	}
	switch {
	case next >= 0:
		r.note(anomaly.Gap)
		r.f.Off = next
	default:
		if ended {
			r.note(anomaly.Appended)
		} else {
			r.note(anomaly.Gap)
		}
		r.f.Off = r.f.Size
	}
}

// file reads the header of a file, behind its signature.
func (r *eggReader) file() {
	if len(r.x.files) > r.limits.Members {
		r.x.err = fmt.Errorf("members: %w", level.ErrLimit)
		return
	}
	e := &eggEntry{id: r.f.U32(), size: int64(min(r.f.U64(), 1<<63-1))}
	r.x.files = append(r.x.files, e)
	r.extras(e)
	if len(e.names) > 0 && len(r.names) < r.limits.Members {
		r.names[e.id] = e.names[0]
	}
}

// block reads the header of a block, and skips its data.
func (r *eggReader) block() {
	b := eggPart{method: r.f.U8()}
	r.f.U8()
	b.size, b.packed, b.crc = int64(r.f.U32()), int64(r.f.U32()), r.f.U32()
	r.extras(nil)
	b.data = r.f.Off
	r.f.Off += min(b.packed, r.f.Left())
	if r.blocks++; r.blocks > eggMaxBlocks {
		r.x.err = fmt.Errorf("blocks: %w", level.ErrLimit)
		return
	}
	switch {
	case r.x.solid:
		r.x.blocks = append(r.x.blocks, b)
		return
	case len(r.x.files) == 0:
		r.x.files = append(r.x.files, &eggEntry{size: -1})
	}
	e := r.x.files[len(r.x.files)-1]
	e.blocks = append(e.blocks, b)
}

// extras reads extra fields up to their end.
func (r *eggReader) extras(e *eggEntry) {
	for r.f.Left() >= 4 && r.f.Err == nil {
		at := r.f.Off
		switch r.f.U32() {
		case eggEnd:
			return
		case eggFile, eggBlock: // the end is missing
			r.f.Off = at
			return
		case eggNote, eggSplit, eggSolid, eggEncrypt, eggDummy, eggSkip, eggName, eggWindows, eggPosix:
		default:
			if !r.plausible(at) {
				r.f.Off = at
				return
			}
		}
		r.f.Off = at
		r.extra(e)
	}
}

// plausible says whether an unknown field is followed by a known one or by the end.
func (r *eggReader) plausible(at int64) bool {
	_, _, n := r.head(at)
	end := r.f.Off + n
	if n > r.f.Left() {
		return false
	}
	return r.known(end)
}

// known says whether a known signature stands at an offset, or the file ends there.
func (r *eggReader) known(at int64) bool {
	if at > r.f.Size-4 {
		return at == r.f.Size
	}
	off := r.f.Off
	r.f.Off = at
	sign := r.f.U32()
	r.f.Off = off
	switch sign {
	case eggEnd, eggFile, eggBlock, eggNote, eggSplit, eggSolid, eggEncrypt, eggDummy, eggSkip, eggName, eggWindows, eggPosix:
		return true
	}
	return false
}

// head reads the head of an extra field, and moves behind it.
func (r *eggReader) head(at int64) (sign uint32, flags byte, n int64) {
	r.f.Off = at
	sign, flags = r.f.U32(), r.f.U8()
	if flags&eggWide != 0 {
		return sign, flags, int64(r.f.U32())
	}
	return sign, flags, int64(r.f.U16())
}

// extra reads an extra field, of a file if e is not nil.
func (r *eggReader) extra(e *eggEntry) {
	from := r.f.Off
	sign, flags, n := r.head(from)
	at := r.f.Off
	body := r.f.Some(min(n, r.f.Left()), eggMaxExtra)
	switch sign {
	case eggName:
		if e != nil {
			r.name(e, flags, body)
		}
	case eggNote:
		text := eggText(flags, 0, body)
		if flags&eggSecret != 0 {
			text = ""
		}
		switch {
		case text == "" || !r.keep(text):
		case e != nil:
			e.comments = append(e.comments, text)
		default:
			r.x.comments = append(r.x.comments, text)
		}
	case eggWindows:
		if e != nil && len(body) > 8 {
			e.dir = e.dir || body[8]&eggFolderBit != 0
		}
	case eggPosix:
		if e != nil && len(body) >= 4 {
			e.dir = e.dir || binary.LittleEndian.Uint32(body)&0o170000 == 0o040000
		}
	case eggSolid:
		r.x.solid = true
	case eggSplit:
		c := input.Cursor{Rest: body}
		r.x.before, r.x.after = c.U32() != 0, c.U32() != 0
	case eggEncrypt:
		if e == nil {
			r.x.encrypted = true
		} else {
			e.encrypted = true
		}
		// QUIRK: the size of this field often counts its own head.
		if own := at - from; n > own && !r.known(at+n) && r.known(at+n-own) {
			r.f.Off = at + n - own
		}
	}
}

// keep counts a text, and says whether it may be kept.
func (r *eggReader) keep(text string) bool {
	if r.texts += len(text); r.texts > eggMaxTexts {
		r.x.err = fmt.Errorf("names and comments: %w", level.ErrLimit)
		return false
	}
	return true
}

// name adds a file's name.
func (r *eggReader) name(e *eggEntry, flags byte, body []byte) {
	c := input.Cursor{Rest: body}
	codepage := 0
	if flags&eggCodepage != 0 {
		codepage = int(c.U16())
	}
	folder := ""
	if flags&eggRelative != 0 {
		folder = r.names[c.U32()]
	}
	if flags&eggSecret != 0 {
		e.encrypted = true
		return
	}
	name := eggText(flags, codepage, c.Rest)
	if folder != "" && len(folder) < r.limits.NameBytes {
		name = strings.TrimSuffix(folder, "/") + "/" + name
	}
	if name != "" && len(e.names) < level.MaxNames && r.keep(name) {
		e.names = append(e.names, name)
	}
}

// eggText decodes a text: UTF-8, or what a codepage of Windows says.
func eggText(flags byte, codepage int, raw []byte) string {
	if flags&eggCodepage == 0 {
		return strings.ToValidUTF8(string(raw), "\ufffd")
	}
	var from encoding.Encoding = korean.EUCKR
	if codepage == 932 {
		from = japanese.ShiftJIS
	}
	s, err := from.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\ufffd")
	}
	return string(s)
}
