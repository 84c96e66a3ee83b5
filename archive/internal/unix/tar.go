package unix

import (
	"bytes"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// tarBlock is the unit of a tar file, in bytes.
const tarBlock = 512

// maxPax bounds one pax header's records, in bytes.
const maxPax = 1 << 20

// tarWalker reads headers by their offsets, and a member's bytes are a section
// of the file: nothing is copied, and a size that lies cannot desynchronise more
// than the member itself.
type tarWalker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	off     int64          // of the next header
	zeros   bool           // a zero block was met
	forks   []int64        // offsets at which other readers go on, still to be walked
	forked  bool           // the walk is at such an offset
	visited map[int64]bool // headers met since the first fork; nil before
	more    []tarReading   // of the present member, still to be given
	ext     tarExtension   // that came before a member's, for the next
	global  tarExtension
	pax     int64 // bytes of extension headers that may still be read
	scanned int64 // up to here, headers off the blocks' borders were sought
}

// tarReading is one way to read a member of tar or ar.
type tarReading struct {
	member *level.Member
	body   io.Reader
}

// Tar is how tar archives are found and opened.
var Tar = &level.Format{Name: "tar", Detect: detectTar, Open: openTar}

func openTar(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	b, err := saferead.UpTo(src, 0, tarPrefix+tarBlock, size, tarPrefix+tarBlock)
	if err != nil {
		return nil, err
	}
	// Readings overlap: without a bound, n headers could have n sizes read each.
	w := &tarWalker{src: src, size: size, limits: l, pax: 4*size + maxPax}
	switch at := firstUstar(b); {
	case beginsTar(b):
		if at%tarBlock != 0 {
			w.forkAt(at)
		}
	case at >= 0:
		w.off = at
		w.note(anomaly.Prepended)
	default:
		return nil, level.ErrFormat
	}
	return w, nil
}

// tarPrefix is how far a first header is sought, in bytes.
const tarPrefix = 64 << 10

// beginsTar says whether a file is a tar file, b being its begin.
//
// QUIRK: GNU tar and Python's tarfile skip blocks that are no headers, at the
// begin too.
func beginsTar(b []byte) bool {
	if len(b) >= tarBlock && isTarHeader(b[:tarBlock]) {
		return true
	}
	for at := tarBlock; at <= tarPrefix && at+tarBlock <= len(b); at += tarBlock {
		if block := b[at : at+tarBlock]; block[0] != 0 && checksumFits(block) {
			return true
		}
	}
	return false
}

// firstUstar finds the first header with magic and right checksum, -1 if there is
// none: 7-Zip opens a tar file wherever that is.
func firstUstar(b []byte) int64 {
	b = b[:min(len(b), tarPrefix+tarBlock)]
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("ustar"))
		if i < 0 {
			return -1
		}
		at += i
		if begin := at - 257; begin >= 0 && begin+tarBlock <= len(b) && checksumFits(b[begin:begin+tarBlock]) {
			return int64(begin)
		}
		at++
	}
}

func (w *tarWalker) Anomalies() []string { return w.notes }
func (w *tarWalker) Close()              {}
func (w *tarWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }

func (w *tarWalker) Next() (*level.Member, io.Reader, error) {
	if len(w.more) == 0 {
		if err := w.readMember(); err != nil {
			return nil, nil, err
		}
	}
	r := w.more[0]
	w.more = w.more[1:]
	return r.member, r.body, nil
}

// readMember reads headers up to the next member, and lists its readings.
func (w *tarWalker) readMember() error {
	ext, last := w.ext, tarReading{}
	w.ext = tarExtension{}
	for {
		h, err := w.header()
		if err == io.EOF && last.member != nil {
			// QUIRK: to 7-Zip, a pax header before nothing is a file.
			w.more = append(w.more, last)
			return nil
		}
		if err != nil {
			return err
		}
		data := w.off
		switch h.flag {
		case 'L', 'K', 'x', 'X', 'g':
			w.off = padded(data, h.size, w.size)
			for _, size := range ext.sizes {
				// QUIRK: a pax size is the member's, yet some apply it to the
				// extension header between (node-tar before 7.5.16, CVE-2026-53655).
				w.fork(data, size, h.size)
			}
			whole, err := w.extend(&ext, h, saferead.Section(w.src, data, h.size, w.size))
			if err != nil {
				return err
			}
			last = tarReading{}
			if whole && (h.flag == 'g' || h.flag == 'L' || h.flag == 'K') {
				continue
			}
			file := w.asFile(h, data)
			if !whole || h.flag == 'X' {
				// QUIRK: unar takes Sun's header for a file.
				w.more, w.ext = append(w.more, file), ext
				return nil
			}
			last = file
			continue
		}
		return w.readings(h, &ext, data)
	}
}

// asFile is an extension header as those take it who know of none.
func (w *tarWalker) asFile(h *tarHeader, data int64) tarReading {
	m, _ := w.member(h, &tarExtension{})
	m.Size, m.Reading = h.size, "extension"
	level.Note(m, anomaly.TarExtension)
	body := w.bodyOf(m, data, h.size)
	return tarReading{m, &body}
}

// paxNeeded is the size from which the header's octal field is too short.
const paxNeeded = 8 << 30

// readings lists the ways to read a member whose data begin at an offset: as
// readers understand its size, and a sparse one expanded and as it is stored.
func (w *tarWalker) readings(h *tarHeader, ext *tarExtension, data int64) error {
	m, sizes := w.member(h, ext)
	w.off = padded(data, sizes[0], w.size)
	expanded, end, err := w.expanded(h, ext, data, sizes[0])
	if err != nil {
		return err
	}
	if end > w.off {
		w.forkAt(end)
	}
	if sparse := ext.sparse || h.flag == 'S'; sparse && (len(expanded) != 1 || end > 0) {
		level.Note(m, anomaly.TarSparse)
	}
	for _, body := range expanded {
		whole := cloneMember(m)
		whole.Size, whole.Reading = body.size, body.reading
		w.more = append(w.more, tarReading{whole, body})
		m.Reading = "stored"
	}
	first := w.bodyOf(m, data, sizes[0])
	w.more = append(w.more, tarReading{m, &first})
	for _, size := range sizes[1:] {
		w.fork(data, size, sizes[0])
		level.Note(m, anomaly.TarSize)
		if size == 0 {
			continue
		}
		if m.Reading == "" {
			m.Reading = "pax"
		}
		other := cloneMember(m)
		other.Size, other.Reading = size, "header"
		body := w.bodyOf(other, data, size)
		w.more = append(w.more, tarReading{other, &body})
	}
	return nil
}

// fork keeps the reading of those who take a member to be of another size.
func (w *tarWalker) fork(data, size, taken int64) {
	if size != taken {
		w.forkAt(padded(data, size, w.size))
	}
}

// forkAt keeps an offset at which some readers go on.
func (w *tarWalker) forkAt(off int64) {
	if w.visited == nil {
		w.visited = map[int64]bool{}
	}
	w.forks = append(w.forks, off)
}

// cloneMember copies a member for another reading.
func cloneMember(m *level.Member) *level.Member {
	other := *m
	other.Names, other.Anomalies = slices.Clone(m.Names), slices.Clone(m.Anomalies)
	return &other
}

func (w *tarWalker) bodyOf(m *level.Member, data, size int64) level.Stored {
	return level.NewStored(w.src, w.size, data, size, m)
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
			w.off, w.forks = w.forks[0], w.forks[1:]
			w.zeros, w.forked = false, true
		}
		if w.visited != nil {
			w.visited[w.off] = true
		}
		b, err := saferead.UpTo(w.src, w.off, tarBlock, w.size, tarBlock)
		if err != nil {
			return nil, err
		}
		if len(b) < tarBlock {
			if !allZero(b) && !w.forked {
				w.note(anomaly.Appended)
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
			if !w.forked {
				w.note(anomaly.TarGarbage)
			}
			if err := w.resync(w.off - tarBlock); err != nil {
				return nil, err
			}
			continue
		}
		if !h.checked {
			w.note(anomaly.Checksum)
		}
		if w.zeros {
			w.note(anomaly.AfterZeros)
		}
		if h.flag == 'S' {
			if err := w.readSparseMap(h, b); err != nil {
				return nil, err
			}
		}
		return h, nil
	}
}

// resync seeks a header that lies off the blocks' borders, from a block on that is
// none. Each byte is looked at once.
func (w *tarWalker) resync(off int64) error {
	if off < w.scanned {
		return nil
	}
	b, err := saferead.UpTo(w.src, off, tarPrefix+tarBlock, w.size, tarPrefix+tarBlock)
	if err != nil {
		return err
	}
	at := firstUstar(b)
	if at < 0 {
		w.scanned = off + tarPrefix
		return nil
	}
	w.scanned = off + at + tarBlock
	if at%tarBlock != 0 {
		w.forkAt(off + at)
	}
	return nil
}

// member puts a header and its extensions together. It returns the sizes that
// readers take it to have, the likeliest first.
func (w *tarWalker) member(h *tarHeader, ext *tarExtension) (*level.Member, []int64) {
	m := &level.Member{Method: "stored", Dir: h.flag == '5'}
	for _, n := range [][]byte{ext.paxName, ext.gnuName, w.global.paxName, h.name} {
		if len(n) == 0 {
			continue
		}
		for _, s := range level.DecodeNames(n, level.Latin1) {
			level.AddName(m, s, w.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	} else if n := m.Names[0]; n != "" && n[len(n)-1] == '/' {
		m.Dir = true
	}
	if ext.cut {
		level.Note(m, anomaly.NameCut)
	}
	if h.bad {
		level.Note(m, anomaly.TarField)
	}
	sizes := w.sizes(h, ext)
	m.Size = sizes[0]
	return m, sizes
}

// sizes are the sizes of a member, each once.
func (w *tarWalker) sizes(h *tarHeader, ext *tarExtension) (sizes []int64) {
	add := func(n int64) {
		if !slices.Contains(sizes, n) {
			sizes = append(sizes, n)
		}
	}
	for _, n := range ext.sizes {
		add(n)
	}
	if len(sizes) == 0 {
		for _, n := range w.global.sizes {
			add(n)
		}
	}
	if len(sizes) == 0 || sizes[0] < paxNeeded {
		// QUIRK: CVE-2025-62518 and its like: readers that skip by the header's
		// size although a pax record gives another.
		add(h.size)
	}
	for _, n := range h.oddSizes {
		add(n)
	}
	if h.flag >= '1' && h.flag <= '6' {
		// QUIRK: links, devices, folders and pipes have no data to libarchive and
		// Go, whatever their size; others skip or even extract it.
		add(0)
	}
	return sizes
}

func detectTar(p *level.Probe) bool {
	return beginsTar(p.Head) || firstUstar(p.Head) >= 0
}
