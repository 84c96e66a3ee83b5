package arc

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/lha"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Bytes and places of ZOO's headers, zoo.h of version 2.1.
const (
	zooMark     = "\xdc\xa7\xc4\xfd" // of the archive and of each entry
	zooMarkAt   = 20
	zooHeader   = 34
	zooComment  = 35 // place of the archive's comment, from version 2 on
	zooEntry    = 51
	zooName     = 13
	zooVariable = 56 // where names of any length begin, in entries of type 2
	zooMost     = zooVariable + 2 + 255 + 255
)

// Methods of ZOO.
const (
	zooStored = 0
	zooLZW    = 1
	zooLZH    = 2
)

// ZOO is how a ZOO archive is found and opened.
var ZOO = &level.Format{Name: "zoo", Detect: func(p *level.Probe) bool { return zooBegins(p.Head) }, Open: openZOO}

func zooBegins(b []byte) bool {
	return len(b) >= zooHeader && string(b[zooMarkAt:zooMarkAt+4]) == zooMark
}

// zooWalker follows the chain of entries, and then looks for those that are not in it.
type zooWalker struct {
	level.Steps
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	met     map[int64]bool // offsets of entries
	windows input.Windows
	buffers buffers
}

func openZOO(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, zooComment+6, size, zooComment+6)
	if err != nil {
		return nil, err
	}
	if !zooBegins(head) {
		return nil, level.ErrFormat
	}
	w := &zooWalker{src: src, size: size, limits: l, met: map[int64]bool{zooMarkAt: true}}
	start := int64(le.Uint32(head[zooMarkAt+4:]))
	if len(head) == zooComment+6 && start >= zooComment+6 {
		w.comment(nil, int64(le.Uint32(head[zooComment:])), int64(le.Uint16(head[zooComment+4:])))
	}
	w.Then(func() error { return w.entry(start, true) }, func() error { return w.orphan(0) })
	return w, nil
}

// Close gives back what the last decoder holds.
func (w *zooWalker) Close() {
	w.buffers.release()
	w.Steps.Close()
}

// comment yields a comment, if there is one.
func (w *zooWalker) comment(names []string, at, n int64) {
	if at == 0 || n == 0 || at >= w.size {
		return
	}
	m := &level.Member{Names: names, Size: n, Method: "stored", Reading: "comment"}
	w.Yield(m, &input.Packed{Member: m, R: &level.Marked{R: saferead.Section(w.src, at, n, w.size)}, Size: n})
}

// orphan looks for the next entry that the chain does not reach.
//
// QUIRK: zoo follows the chain; its companion fiz finds the rest of a damaged archive.
func (w *zooWalker) orphan(from int64) error {
	s := input.NewSearch(w.src, w.size, zooMark)
	for {
		at, err := s.Next(from)
		if err != nil || at < 0 {
			return err
		}
		from = at + 1
		if w.met[at] {
			continue
		}
		b, err := saferead.UpTo(w.src, at, zooEntry, w.size, zooEntry)
		if err != nil {
			return err
		}
		if len(b) < zooEntry || b[4] > 2 || b[5] > zooLZH || int64(le.Uint32(b[10:])) >= w.size {
			continue
		}
		w.Note(anomaly.Gap)
		w.Then(func() error { return w.entry(at, false) }, func() error { return w.orphan(from) })
		return nil
	}
}

// entry yields the entry at an offset, and goes on with the next one of the chain.
func (w *zooWalker) entry(at int64, follow bool) error {
	if w.met[at] || at <= 0 || at >= w.size {
		if follow && at != 0 {
			w.Note(anomaly.Truncated)
		}
		return nil
	}
	if len(w.met) > w.limits.Members+1 {
		return fmt.Errorf("members: %w", level.ErrLimit)
	}
	b, err := saferead.UpTo(w.src, at, zooMost, w.size, zooMost)
	if err != nil {
		return err
	}
	if len(b) < zooEntry || string(b[:4]) != zooMark {
		w.Note(anomaly.Truncated)
		return nil
	}
	w.met[at] = true
	next := int64(le.Uint32(b[6:]))
	if next == 0 && le.Uint32(b[24:]) == 0 {
		return nil // the end of the chain
	}
	if follow && next != 0 {
		w.Then(func() error { return w.entry(next, true) })
	}
	w.open(b)
	return nil
}

// open yields an entry's file and its comment.
func (w *zooWalker) open(b []byte) {
	w.buffers.release()
	data, size, packed := int64(le.Uint32(b[10:])), int64(le.Uint32(b[20:])), int64(le.Uint32(b[24:]))
	m := &level.Member{Size: size, Packed: packed, Method: zooMethod(b[5])}
	for _, raw := range zooNames(b) {
		for _, n := range level.DecodeNames(raw, level.CP437) {
			level.AddName(m, n, w.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	if packed > w.size-data {
		level.Note(m, anomaly.Truncated)
		packed = max(0, w.size-data)
	}
	body := &input.Packed{Member: m, Size: size, Sum: new(input.CRC16), Want: uint32(le.Uint16(b[18:]))}
	body.R, m.Err = w.decoder(b[5], size, &level.Marked{R: saferead.Section(w.src, data, packed, w.size)})
	if m.Err != nil {
		w.Yield(m, nil)
	} else {
		w.Yield(m, body)
	}
	w.comment(m.Names, int64(le.Uint32(b[32:])), int64(le.Uint16(b[36:])))
}

// zooNames are the names of an entry: the long one with its folder, and the short one.
func zooNames(b []byte) (names [][]byte) {
	short, _, _ := bytes.Cut(b[38:zooEntry], []byte{0})
	if b[4] == 2 && len(b) >= zooVariable+2 {
		c := input.Cursor{Rest: b[zooVariable:]}
		n, folder := int(c.U8()), int(c.U8())
		if room := int(le.Uint16(b[zooEntry:])); 2+n+folder <= room {
			long := bytes.TrimRight(c.Bytes(n), "\x00")
			dir := bytes.TrimRight(c.Bytes(folder), "\x00/")
			if len(long) == 0 {
				long = short
			}
			if len(dir) > 0 {
				long = []byte(strings.Join([]string{string(dir), string(long)}, "/"))
			}
			if len(long) > 0 {
				names = append(names, long)
			}
		}
	}
	if len(short) > 0 {
		names = append(names, short)
	}
	return names
}

func zooMethod(m byte) string {
	switch m {
	case zooStored:
		return "stored"
	case zooLZW:
		return "lzw"
	case zooLZH:
		return "lh5"
	}
	return fmt.Sprintf("zoo-%d", m)
}

func (w *zooWalker) decoder(method byte, size int64, r io.Reader) (io.Reader, error) {
	switch method {
	case zooStored:
		return r, nil
	case zooLZW:
		if err := w.windows.Take(lzwTables); err != nil {
			return nil, err
		}
		return w.buffers.lzw(w.buffers.input(r), lz.LZWShape{Bits: 13, End: true}), nil
	case zooLZH:
		if err := w.windows.Take(lha.Window(lha.LH5)); err != nil {
			return nil, err
		}
		return lha.NewReader(lha.LH5, r, size), nil
	}
	return nil, fmt.Errorf("method %s: %w", zooMethod(method), level.ErrUnsupported)
}
