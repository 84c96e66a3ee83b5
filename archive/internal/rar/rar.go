package rar

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Signatures of RAR 1.3 and 1.4, of 1.5 to 4, and of 5 and later.
var (
	sigRar13 = []byte("RE~^")
	sigRar4  = []byte("Rar!\x1a\x07\x00")
	sigRar5  = []byte("Rar!\x1a\x07\x01\x00")
)

// dialect is a generation of the format. Its blocks differ in all but the
// idea: a header with a checksum, then data.
type dialect interface {
	// block reads the block at off.
	block(off int64) (*block, error)
	// plausible says whether p begins with a file's header whose checksum is
	// right, and how many bytes it took to tell.
	plausible(p []byte) (ok bool, cost int)
}

// block is one block.
type block struct {
	entry *entry // nil: nothing to yield
	next  int64  // offset of the next block
	end   bool   // the archive says that it ends here
	bad   bool   // its checksum is wrong, but it can be read
}

// walker goes from block to block, and over what is none.
type walker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	off      int64
	dialect  dialect
	doubt    int64 // offset of the last block if its checksum is wrong, else -1
	scanWork int64 // bytes that resume may still hash

	keys     keys
	decoders decoders
}

var (
	markRar  = &level.Mark{Text: "Rar!\x1a\x07", Even: 4, Odd: 3, Fits: func(p *level.Probe, at int64) bool { return begins(p.From(at), at == 0) }}
	marksRar = []*level.Mark{markRar}
)

// Format is how a RAR archive is found and opened.
var Format = &level.Format{Name: "rar", Detect: detect, Open: open, Marks: marksRar}

func detect(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, sigRar13) || p.Met(markRar)
}

// findSignature returns the first signature that a main header or an encryption header
// follows, -1 if there is none.
func findSignature(b []byte) int {
	for off := 0; ; off++ {
		i := bytes.Index(b[off:], sigRar4[:6])
		if i < 0 {
			return -1
		}
		off += i
		if begins(b[off:], off == 0) {
			return off
		}
	}
}

// begins says whether b, which begins with what the signatures have in common,
// begins an archive; first says that the file does.
func begins(b []byte, first bool) bool {
	return isRar4Start(b) || isRar5Start(b) || first && len(b) >= 8 && (b[6] == 0 || b[6] == 1)
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, level.HeadBytes, size, level.HeadBytes)
	if err != nil {
		return nil, err
	}
	w := &walker{src: src, size: size, limits: l, scanWork: 8*size + 1<<20, doubt: -1}
	w.keys.Keys = l.Keys
	w.decoders.limits = l
	if bytes.HasPrefix(head, sigRar13) {
		w.dialect, w.off = &rar13{w: w}, 0
		return w, nil
	}
	at := findSignature(head)
	if at < 0 {
		return nil, level.ErrFormat
	}
	if at > 0 {
		w.note(anomaly.Prepended)
	}
	w.start(int64(at), head[at+6])
	return w, nil
}

// start begins an archive whose signature is at off; kind is the signature's
// seventh byte.
func (w *walker) start(off int64, kind byte) {
	if kind == 0 {
		w.dialect, w.off = &rar4{w: w}, off+int64(len(sigRar4))
	} else {
		w.dialect, w.off = &rar5{w: w}, off+int64(len(sigRar5))
	}
}

func (w *walker) Anomalies() []string { return w.notes }
func (w *walker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *walker) Close()              { w.decoders.close() }

func (w *walker) Next() (*level.Member, io.Reader, error) {
	for w.off < w.size {
		b, err := w.dialect.block(w.off)
		switch {
		case err == errDamaged:
			// If the block before lied about its size, this is not the place.
			from := w.off
			if w.doubt >= 0 {
				from = w.doubt
			}
			w.doubt = -1
			if err := w.resume(from + 1); err != nil {
				return nil, nil, err
			}
			continue
		case err != nil:
			return nil, nil, err
		}
		if w.doubt = -1; b.bad {
			w.doubt = w.off
			w.note(anomaly.HeaderCRC)
		}
		w.off = b.next
		if b.end {
			if err := w.resume(w.off); err != nil {
				return nil, nil, err
			}
			continue
		}
		if b.entry != nil {
			m, body := w.open(b.entry)
			return m, body, nil
		}
	}
	return nil, nil, io.EOF
}

// errDamaged says that no block can be read at an offset.
var errDamaged = fmt.Errorf("block header: %w", level.ErrMalformed)

// resume goes on at the next signature or file header from off, if there is one.
//
// QUIRK: unrar stops at the end block and at a header that it cannot read; repair
// tools and other readers find what follows.
func (w *walker) resume(off int64) error {
	const window, overlap = 64 << 10, 8 << 10
	from, padding := off, true
	for off < w.size {
		buf, err := saferead.UpTo(w.src, off, window, w.size, window)
		if err != nil {
			return err
		}
		padding = padding && len(bytes.Trim(buf, "\x00")) == 0 // volumes are filled up
		stop := len(buf)
		if int64(stop) < w.size-off {
			stop -= overlap
		}
		i, err := w.search(buf, stop)
		if err != nil {
			return err
		}
		if i >= 0 {
			if off+int64(i) > from {
				w.note(anomaly.Gap)
			}
			w.off = off + int64(i)
			if bytes.HasPrefix(buf[i:], sigRar4[:6]) {
				w.start(w.off, buf[i+6])
			}
			return nil
		}
		if stop <= 0 {
			break
		}
		off += int64(stop)
	}
	if !padding {
		w.note(anomaly.Appended)
	}
	w.off = w.size
	return nil
}

// search looks for a signature or a file header that begins in buf[:stop].
func (w *walker) search(buf []byte, stop int) (int, error) {
	for i := range stop {
		rest := buf[i:]
		if rest[0] == 'R' && (isRar4Start(rest) || isRar5Start(rest)) {
			return i, nil
		}
		ok, cost := w.dialect.plausible(rest)
		if w.scanWork -= int64(cost); w.scanWork < 0 {
			return -1, fmt.Errorf("search behind damage: %w", level.ErrLimit)
		}
		if ok {
			return i, nil
		}
	}
	return -1, nil
}

// header reads n bytes of a header at off; fewer at the file's end.
func (w *walker) header(off int64, n int) ([]byte, error) {
	return saferead.UpTo(w.src, off, int64(n), w.size, n)
}

// behind is off+n, not farther than the end of the file.
func (w *walker) behind(off, n int64) int64 {
	if n < 0 || n > w.size-off {
		return w.size
	}
	return off + n
}
