package stuffit

import (
	"bytes"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
)

// Bytes and fields of version 5, big-endian.
const (
	fiveMagic   = "StuffIt (c)1997-" // and a year
	fiveMore    = " Aladdin Systems, Inc., http://www.aladdinsys.com/StuffIt/\r\n"
	fiveMoreAt  = 20
	fiveHeader  = 100
	fiveFirstAt = 94 // place of the first entry's offset
	fiveEntry   = "\xa5\xa5\xa5\xa5"
	fiveFixed   = 48 // bytes of an entry before a key and its name

	fiveFolder    = 0x40
	fiveEncrypted = 0x20
	fiveResource  = 0x01 // in an entry's second part
)

// Bounds of the paths of folders that are kept: their number, and their bytes.
const (
	fiveMostFolders = 10_000
	fiveMostPaths   = 16 << 20
)

func isFive(b []byte) bool {
	return len(b) >= fiveHeader && string(b[:len(fiveMagic)]) == fiveMagic && string(b[fiveMoreAt:fiveMoreAt+len(fiveMore)]) == fiveMore
}

// fiveWalker goes from entry to entry in the order of the file: the counts and links
// in them may say anything.
type fiveWalker struct {
	opener
	off     int64
	folders map[int64][]byte // paths by the entries' offsets
	paths   int              // their bytes
	search  *input.Search
	fields  *input.Fields
}

// step yields the next entry.
func (w *fiveWalker) step() error {
	at, err := w.search.Next(w.off)
	if err != nil {
		return err
	}
	if at != w.off {
		end := at
		if at < 0 {
			end = w.size
		}
		if err := w.skipped(w.off, end, at < 0); err != nil || at < 0 {
			return err
		}
	}
	f := w.fields
	f.Off, f.Short = at, false
	w.entry(f, at)
	if f.Err != nil {
		return f.Err
	}
	w.off = max(f.Off, at+int64(len(fiveEntry)))
	w.Then(w.step)
	return nil
}

// skipped notes what lies between entries, unless it is zeros.
func (w *fiveWalker) skipped(from, to int64, last bool) error {
	f := w.fields
	f.Off = from
	b := f.Some(to-from, 4096)
	switch {
	case f.Err != nil || len(bytes.Trim(b, "\x00")) == 0:
	case last:
		w.Note(anomaly.Appended)
	default:
		w.Note(anomaly.Gap)
	}
	return f.Err
}

// entry reads an entry, yields its forks and moves behind them.
func (w *fiveWalker) entry(f *input.Fields, at int64) {
	f.Skip(4)
	version := f.U8()
	f.U8()
	end := at + int64(u16(f))
	f.U8()
	flags := f.U8()
	f.Skip(16) // times, and the entries before and behind
	parent := int64(u32(f))
	nameLength := u16(f)
	f.Skip(2) // checksum
	d := fork{size: int64(u32(f)), packed: int64(u32(f)), crc: u16(f), encrypted: flags&fiveEncrypted != 0}
	f.Skip(2)
	folder := flags&fiveFolder != 0
	if folder {
		f.Skip(2)
		if d.size == 0xffffffff {
			return // behind each folder there is one of these
		}
	} else {
		d.method = f.U8() & oldMethod
		f.Skip(int64(f.U8()))
	}
	name := f.Some(int64(nameLength), int(nameLength))
	if f.Off < end {
		n := int64(u16(f))
		f.Skip(2)
		if comment := f.Some(n, int(n)); len(comment) > 0 {
			m := w.member(name)
			m.Reading, m.Size = "comment", n
			w.Yield(m, bytes.NewReader(comment))
		}
	}
	second := u16(f)
	f.Skip(12)
	f.Skip(18)
	if version == 1 {
		f.Skip(4)
	}
	r := fork{resource: true}
	if second&fiveResource != 0 {
		r.size, r.packed, r.crc, r.encrypted = int64(u32(f)), int64(u32(f)), u16(f), d.encrypted
		f.Skip(2)
		r.method = f.U8() & oldMethod
		f.Skip(int64(f.U8()))
	}
	if f.Short {
		w.Note(anomaly.Truncated)
	}
	path := name
	if p := w.folders[parent]; p != nil && len(p) < w.limits.NameBytes {
		path = append(append(bytes.Clone(p), '/'), name...)
	}
	if folder {
		if len(w.folders) < fiveMostFolders && w.paths+len(path) <= fiveMostPaths {
			w.folders[at] = path
			w.paths += len(path)
		}
		w.folder(path)
		return
	}
	r.data = f.Off
	d.data = r.data + r.packed
	if r.size > 0 || r.packed > 0 {
		w.open(path, r)
	}
	if d.size > 0 || d.packed > 0 || r.size == 0 && r.packed == 0 {
		w.open(path, d)
	}
	f.Off = min(d.data+d.packed, w.size)
}

func u16(f *input.Fields) uint16 { return be.Uint16(f.Next(2)) }

func u32(f *input.Fields) uint32 { return be.Uint32(f.Next(4)) }
