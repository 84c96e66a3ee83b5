package cab

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// sigCab is the signature of a cabinet, [MS-CAB] section 2.1.
var sigCab = []byte("MSCF")

// Lengths of a cabinet's records without their reserved parts and names, bytes.
const (
	cabHeader = 36
	cabFolder = 8
	cabFile   = 16
	cabData   = 8
)

// Flags of a cabinet's header, and the folder numbers of files that lie in
// several cabinets.
const (
	cabHasPrev = 1
	cabHasNext = 2
	cabReserve = 4

	cabFromPrev = 0xfffd
	cabToNext   = 0xfffe
	cabBoth     = 0xffff
)

// cabWalker yields the files of one cabinet after the other. Within one, they
// come by folder and place, so that each folder is decoded once.
type cabWalker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	base      int64 // offset of the present cabinet
	end       int64 // offset behind it
	folders   []cabFolderEntry
	files     []cabFileEntry
	dataExtra int   // reserved bytes in a block's header
	at        int   // the next file
	more      error // why not all files of this cabinet were read
	fault     error // the same of a cabinet before
	stream    *cabStream
	body      *cabBody
	drained   int64
	windows   input.Windows
}

type cabFolderEntry struct {
	at     int64 // offset of the first data block in the file
	method uint16
}

type cabFileEntry struct {
	member       level.Member
	folder       int
	offset, size int64 // in the decoded folder
	before       bool  // begins in the cabinet before
	after        bool  // goes on in the next one
}

var (
	markCab  = &level.Mark{Text: "MSCF", Even: 0, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return plausibleCab(p.From(at), p.Size-at, at == 0) }}
	marksCab = []*level.Mark{markCab}
)

// Cab is how a cabinet is found and opened.
var Cab = &level.Format{Name: "cab", Detect: detectCab, Open: openCab, Marks: marksCab}

func detectCab(p *level.Probe) bool { return p.Met(markCab) }

// findCab returns the first header of a cabinet, -1 if there is none.
func findCab(b []byte, size int64) int {
	for off := 0; ; off++ {
		i := bytes.Index(b[off:], sigCab)
		if i < 0 {
			return -1
		}
		off += i
		if plausibleCab(b[off:], size-int64(off), off == 0) {
			return off
		}
	}
}

// plausibleCab says whether a header makes sense; at the start of a file it is
// believed sooner.
func plausibleCab(h []byte, size int64, first bool) bool {
	if len(h) < cabHeader {
		return false
	}
	files := int64(binary.LittleEndian.Uint32(h[16:]))
	if first {
		return binary.LittleEndian.Uint16(h[28:]) > 0 || binary.LittleEndian.Uint16(h[26:]) > 0
	}
	return h[25] == 1 && h[24] <= 3 && files >= cabHeader && files < size && binary.LittleEndian.Uint16(h[26:]) > 0 && binary.LittleEndian.Uint16(h[28:]) > 0 &&
		binary.LittleEndian.Uint16(h[30:]) <= 7 && binary.LittleEndian.Uint32(h[4:]) == 0 && binary.LittleEndian.Uint32(h[12:]) == 0 && binary.LittleEndian.Uint32(h[20:]) == 0
}

func openCab(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, level.HeadBytes, size, level.HeadBytes)
	if err != nil {
		return nil, err
	}
	at := findCab(head, size)
	if at < 0 {
		return nil, level.ErrFormat
	}
	w := &cabWalker{src: src, size: size, limits: l, base: int64(at)}
	if at > 0 {
		w.note(anomaly.Prepended)
	}
	if err := w.readCabinet(); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *cabWalker) Anomalies() []string { return w.notes }
func (w *cabWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *cabWalker) Close()              { w.stream, w.body = nil, nil }

// readCabinet reads the headers of the cabinet at base.
func (w *cabWalker) readCabinet() error {
	const most = cabHeader + 4 + 65535 + 4*256
	raw, err := saferead.UpTo(w.src, w.base, most, w.size, most)
	if err != nil {
		return err
	}
	c := input.Cursor{Rest: raw}
	c.Bytes(8)
	length := int64(c.U32())
	c.U32()
	filesAt := int64(c.U32())
	c.Bytes(6)
	folders, files, flags := int(c.U16()), int(c.U16()), c.U16()
	c.U32()
	var folderExtra, dataExtra int
	if flags&cabReserve != 0 {
		n := int(c.U16())
		folderExtra, dataExtra = int(c.U8()), int(c.U8())
		c.Bytes(n)
	}
	for _, flag := range []uint16{cabHasPrev, cabHasNext} {
		if flags&flag != 0 {
			c.CString()
			c.CString()
			w.note(anomaly.MultiDisk)
		}
	}
	if c.Short {
		return fmt.Errorf("header: %w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
	}
	w.end = w.size
	if length >= cabHeader && length <= w.size-w.base {
		w.end = w.base + length
	} else {
		w.note(anomaly.Truncated)
	}
	at := w.base + int64(len(raw)-len(c.Rest))
	at, err = w.readFolders(at, folders, folderExtra)
	if err != nil {
		return err
	}
	w.dataExtra = dataExtra
	return w.readFiles([]int64{w.base + filesAt, at}, files)
}

// readFolders reads n folders at off and returns the offset behind them.
func (w *cabWalker) readFolders(off int64, n, extra int) (int64, error) {
	w.folders = nil
	raw, err := saferead.UpTo(w.src, off, int64(n*(cabFolder+extra)), w.size, n*(cabFolder+extra))
	if err != nil {
		return 0, err
	}
	c := input.Cursor{Rest: raw}
	for range n {
		at := int64(c.U32())
		c.U16() // number of blocks: a block is read when a file needs it
		f := cabFolderEntry{at: w.base + at, method: c.U16()}
		c.Bytes(extra)
		if c.Short {
			break
		}
		w.folders = append(w.folders, f)
	}
	return off + int64(len(raw)), nil
}

// readFiles reads n files at the first of the places where there are any.
func (w *cabWalker) readFiles(places []int64, n int) error {
	w.files, w.at, w.more = nil, 0, nil
	w.stream, w.body = nil, nil
	for _, at := range places {
		if err := w.readFilesAt(at, n); err != nil {
			return err
		}
		if slices.ContainsFunc(w.files, func(f cabFileEntry) bool { return f.folder >= 0 }) || n == 0 {
			break
		}
		if at != places[len(places)-1] {
			w.files, w.more = nil, nil
		}
	}
	if len(w.files) < n && w.more == nil {
		w.more = fmt.Errorf("%d files of %d: %w", len(w.files), n, level.ErrMalformed)
	}
	slices.SortStableFunc(w.files, func(a, b cabFileEntry) int {
		return cmp.Or(cmp.Compare(a.folder, b.folder), cmp.Compare(a.offset, b.offset), cmp.Compare(b.size, a.size))
	})
	w.joinNames()
	return nil
}

// joinNames makes one member of the files that are the same bytes, as installers have
// them: read one by one, their folder would be decoded anew for each.
func (w *cabWalker) joinNames() {
	kept := w.files[:0]
	for _, f := range w.files {
		if n := len(kept); n > 0 && kept[n-1].isSame(&f) {
			for _, name := range f.member.Names {
				level.AddName(&kept[n-1].member, name, w.limits.NameBytes)
			}
			continue
		}
		kept = append(kept, f)
	}
	w.files = kept
}

// isSame says whether another file is the same bytes.
func (f *cabFileEntry) isSame(g *cabFileEntry) bool {
	return f.folder >= 0 && f.folder == g.folder && f.offset == g.offset && f.size == g.size && f.before == g.before && f.after == g.after
}

func (w *cabWalker) readFilesAt(at int64, n int) error {
	for range n {
		if len(w.files) > w.limits.Members {
			w.more = fmt.Errorf("members: %w", level.ErrLimit)
			return nil
		}
		// Names have up to 256 bytes; longer ones are lies, of which a start is kept.
		raw, err := saferead.UpTo(w.src, at, cabFile+257, w.size, cabFile+257)
		if err == nil && len(raw) > cabFile && bytes.IndexByte(raw[cabFile:], 0) < 0 {
			raw, err = saferead.UpTo(w.src, at, cabFile+4096, w.size, cabFile+4096)
		}
		if err != nil {
			return err
		}
		c := input.Cursor{Rest: raw}
		f := cabFileEntry{size: int64(c.U32()), offset: int64(c.U32())}
		folder := int(c.U16())
		c.U32() // date and time
		attributes := c.U16()
		name := c.CString()
		if c.Short {
			return nil
		}
		w.place(&f, folder)
		at += int64(len(raw) - len(c.Rest))
		f.member.Size = f.size
		legacy := level.Latin1
		if attributes&0x80 == 0 {
			legacy = level.CP437
		}
		for _, s := range level.DecodeNames(name, legacy) {
			if len(name) > 0 {
				level.AddName(&f.member, s, w.limits.NameBytes)
			}
		}
		if len(name) == 0 {
			level.Note(&f.member, anomaly.NameEmpty)
		}
		w.files = append(w.files, f)
	}
	return nil
}

// place finds a file's folder; one that there is not is -1.
func (w *cabWalker) place(f *cabFileEntry, folder int) {
	switch folder {
	case cabFromPrev:
		f.folder, f.before = 0, true
	case cabToNext:
		f.folder, f.after = len(w.folders)-1, true
	case cabBoth:
		f.folder, f.before, f.after = 0, true, true
	default:
		f.folder = folder
	}
	if f.folder >= len(w.folders) {
		f.folder = -1
	}
}

func (w *cabWalker) Next() (*level.Member, io.Reader, error) {
	for w.at >= len(w.files) {
		if w.more != nil {
			// This header lies: the next one may stand within what it claims.
			w.fault, w.more, w.end = w.more, nil, w.base+int64(len(sigCab))
		}
		if more, err := w.nextCabinet(); err != nil || !more {
			if err == nil {
				err = cmp.Or(w.fault, io.EOF)
			}
			return nil, nil, err
		}
	}
	f := &w.files[w.at]
	w.at++
	m := &f.member
	if f.folder < 0 {
		m.Err = fmt.Errorf("folder does not exist: %w", level.ErrMalformed)
		return m, nil, nil
	}
	m.Method = cabMethod(w.folders[f.folder].method)
	if err := w.reach(f); err != nil {
		m.Err = f.class(err)
		return m, nil, nil
	}
	w.body = &cabBody{w: w, f: f, s: w.stream, left: f.size}
	return m, w.body, nil
}

// class turns an error into one of volumes for a file that is not whole in this
// cabinet.
func (f *cabFileEntry) class(err error) error {
	switch {
	case errors.Is(err, level.ErrLimit):
		return err
	case f.before:
		return fmt.Errorf("begins in another cabinet: %w", level.ErrUnsupported)
	case f.after:
		return fmt.Errorf("continues in another cabinet: %w", level.ErrUnsupported)
	}
	return err
}

// reach makes the folder's stream stand at a file's first byte.
func (w *cabWalker) reach(f *cabFileEntry) error {
	if w.stream != nil && w.stream.folder == f.folder && w.stream.pos > f.offset {
		w.stream.rewind()
	}
	if w.stream == nil || w.stream.folder != f.folder {
		s, err := w.openFolder(f.folder)
		if err != nil {
			return err
		}
		w.stream = s
	}
	skip := f.offset - w.stream.pos
	if skip > input.MaxDrain-w.drained {
		return input.ErrDrained()
	}
	w.drained += skip
	n, err := io.CopyN(io.Discard, w.stream, skip)
	w.windows.Pay(int(n))
	if err == io.EOF {
		err = fmt.Errorf("lies behind the folder's end: %w", level.ErrMalformed)
	}
	return err
}

// nextCabinet goes on at a cabinet behind the present one.
//
// QUIRK: expand and others open the first of several cabinets in a row only.
func (w *cabWalker) nextCabinet() (bool, error) {
	if w.end >= w.size {
		return false, nil
	}
	w.note(anomaly.Appended)
	tail, err := saferead.UpTo(w.src, w.end, level.HeadBytes, w.size, level.HeadBytes)
	if err != nil {
		return false, err
	}
	i := findCab(tail, w.size-w.end)
	if i < 0 {
		return false, nil
	}
	w.base = w.end + int64(i)
	err = w.readCabinet()
	if errors.Is(err, level.ErrMalformed) {
		return false, nil
	}
	return err == nil, err
}

// cabBody is one file of a folder.
type cabBody struct {
	w    *cabWalker
	f    *cabFileEntry
	s    *cabStream
	left int64
}

func (b *cabBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.finish()
	}
	n, err := b.s.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.w.windows.Pay(n)
	if err == io.EOF {
		level.Note(&b.f.member, anomaly.Size)
		err = level.Truncated(err)
	}
	if err != nil {
		return n, b.f.class(err)
	}
	return n, nil
}

// finish judges a whole body.
func (b *cabBody) finish() error {
	if b.s.sums > 0 {
		level.Note(&b.f.member, anomaly.CRC)
		b.s.sums = 0
		return fmt.Errorf("checksum of a block: %w", level.ErrMalformed)
	}
	return io.EOF
}
