package stuffit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Bytes and fields of the first format, big-endian.
const (
	oldHeader   = 22
	oldMark     = "rLau" // behind a signature of four bytes, a count and a size
	oldMarkAt   = 10
	oldEntry    = 112
	oldName     = 3
	oldMostName = 63 // bytes of a name; StuffIt's own end at 31
	oldCRCAt    = 110

	oldEncrypted = 0x80
	oldInside    = 0x10 // of a folder: something in it is encrypted
	oldFolder    = 0x20
	oldUp        = 0x21
	oldMethod    = 0x0f
)

var be = binary.BigEndian

// Format is how a StuffIt archive is found and opened.
var Format = &level.Format{Name: "stuffit", Detect: func(p *level.Probe) bool { return isOld(p.Head) || isFive(p.Head) }, Open: open}

// isOld knows the first format: "SIT!" and the other signatures of installers.
func isOld(b []byte) bool {
	return len(b) >= oldHeader && string(b[oldMarkAt:oldMarkAt+4]) == oldMark && (string(b[:4]) == "SIT!" || string(b[:2]) == "ST")
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, fiveHeader, size, fiveHeader)
	if err != nil {
		return nil, err
	}
	o := opener{src: src, size: size, limits: l}
	switch {
	case isOld(head):
		w := &oldWalker{opener: o, off: oldHeader, work: 8*size + 1<<20}
		w.Then(w.step)
		return w, nil
	case isFive(head):
		w := &fiveWalker{opener: o, folders: map[int64][]byte{}, search: input.NewSearch(src, size, fiveEntry), fields: input.NewFields(src, size)}
		w.off = min(int64(be.Uint32(head[fiveFirstAt:])), size)
		w.Then(w.step)
		return w, nil
	}
	return nil, level.ErrFormat
}

// oldWalker goes from entry to entry.
type oldWalker struct {
	opener
	off  int64
	path []byte // of the present folder, with a slash at its end
	work int64  // bytes that search may still hash
}

// oldEntrySound says whether an entry's checksum is right, and whether it can be one at
// all.
func oldEntrySound(b []byte) (sum, plausible bool) {
	if len(b) < oldEntry || b[2] == 0 || b[2] > oldMostName || !oldMethodKnown(b[0]) || !oldMethodKnown(b[1]) {
		return false, false
	}
	var c input.CRC16
	c.Write(b[:oldCRCAt])
	return uint16(c) == be.Uint16(b[oldCRCAt:]), true
}

func oldMethodKnown(m byte) bool {
	m &^= oldEncrypted
	return m <= oldMethod || m&^oldInside == oldFolder || m&^oldInside == oldUp
}

// step looks at the present offset.
func (w *oldWalker) step() error {
	if w.off >= w.size {
		return nil
	}
	b, err := saferead.UpTo(w.src, w.off, oldEntry, w.size, oldEntry)
	if err != nil {
		return err
	}
	sum, plausible := oldEntrySound(b)
	rest := int64(0)
	if plausible {
		rest = int64(be.Uint32(b[92:])) + int64(be.Uint32(b[96:]))
	}
	if !sum && (!plausible || rest > w.size-w.off-oldEntry) {
		if err := w.search(w.off + 1); err != nil {
			return err
		}
		w.Then(w.step)
		return nil
	}
	if !sum {
		w.Note(anomaly.HeaderCRC)
	}
	w.off += oldEntry
	w.entry(b)
	w.Then(w.step)
	return nil
}

// search goes on at the next entry whose checksum is right.
//
// QUIRK: other readers stop at a wrong checksum.
func (w *oldWalker) search(from int64) error {
	const window = 64 << 10
	junk := false
	for off := from; off < w.size; {
		buf, err := saferead.UpTo(w.src, off, window, w.size, window)
		if err != nil {
			return err
		}
		for i := 0; i+oldEntry <= len(buf); i++ {
			if n := buf[i+2]; n == 0 || n > oldMostName || !oldMethodKnown(buf[i]) || !oldMethodKnown(buf[i+1]) {
				continue
			}
			if w.work -= oldEntry; w.work < 0 {
				return fmt.Errorf("search behind damage: %w", level.ErrLimit)
			}
			if sum, _ := oldEntrySound(buf[i:]); sum {
				w.Note(anomaly.Gap)
				w.off = off + int64(i)
				return nil
			}
		}
		junk = junk || !level.AllZeros(buf)
		if int64(len(buf)) >= w.size-off {
			break
		}
		off += int64(len(buf) - oldEntry + 1)
	}
	if junk {
		w.Note(anomaly.Appended)
	}
	w.off = w.size
	return nil
}

// entry yields what an entry describes.
func (w *oldWalker) entry(b []byte) {
	name := b[oldName : oldName+min(int(b[2]), oldMostName)]
	resource, data := b[0]&^(oldEncrypted|oldInside), b[1]&^(oldEncrypted|oldInside)
	switch {
	case data == oldFolder || resource == oldFolder:
		path := append(bytes.Clone(w.path), name...)
		w.folder(path)
		if len(path) < w.limits.NameBytes {
			w.path = append(path, '/')
		}
		return
	case data == oldUp || resource == oldUp:
		up := bytes.LastIndexByte(bytes.TrimSuffix(w.path, []byte("/")), '/')
		w.path = w.path[:up+1]
		return
	}
	path := append(bytes.Clone(w.path), name...)
	r := fork{resource: true, method: b[0] & oldMethod, encrypted: b[0]&oldEncrypted != 0, size: int64(be.Uint32(b[84:])), packed: int64(be.Uint32(b[92:])), crc: be.Uint16(b[100:]), data: w.off}
	d := fork{method: b[1] & oldMethod, encrypted: b[1]&oldEncrypted != 0, size: int64(be.Uint32(b[88:])), packed: int64(be.Uint32(b[96:])), crc: be.Uint16(b[102:]), data: w.off + r.packed}
	if r.size > 0 || r.packed > 0 {
		w.open(path, r)
	}
	if d.size > 0 || d.packed > 0 || r.size == 0 && r.packed == 0 {
		w.open(path, d)
	}
	w.off = min(d.data+d.packed, w.size)
}
