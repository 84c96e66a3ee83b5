package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Flags of a gzip header, RFC 1952 section 2.3.1.
const (
	gzipHeaderCRC = 1 << 1
	gzipExtra     = 1 << 2
	gzipName      = 1 << 3
	gzipComment   = 1 << 4
	gzipReserved  = 0xe0
)

// gzipWalker yields one member: the streams of the file put together, as gunzip
// does (RFC 1952 section 2.2).
type gzipWalker struct {
	in     *inflater
	limits Limits
	member *Member
	done   bool
	notes  []string

	crc  uint32 // of the stream being decoded
	n    uint32 // its decoded bytes, modulo 2^32
	fail error  // a wrong trailer, reported after the streams that follow
}

func openGzip(src io.ReaderAt, size int64, l Limits) (walker, error) {
	magic, err := saferead.UpTo(src, 0, 2, size, 2)
	if err != nil {
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		return nil, ErrFormat
	}
	return &gzipWalker{in: newInflater(saferead.Section(src, 0, size, size)), limits: l}, nil
}

func (w *gzipWalker) anomalies() []string { return w.notes }

func (w *gzipWalker) close() {
	if w.in != nil {
		w.in.release()
		w.in = nil
	}
}

func (w *gzipWalker) next() (*Member, io.Reader, error) {
	if w.done {
		return nil, nil, io.EOF
	}
	w.done = true
	w.member = &Member{Size: -1, Method: "deflate"}
	if err := w.header(); err != nil {
		return nil, nil, err
	}
	return w.member, w, nil
}

// header reads one stream's header. The first stream's name is the member's;
// the names of later ones are kept beside it.
func (w *gzipWalker) header() error {
	var h [10]byte
	if _, err := io.ReadFull(w.in.buf, h[:]); err != nil {
		return truncated(err)
	}
	if h[2] != 8 {
		return fmt.Errorf("method %d: %w", h[2], ErrUnsupported)
	}
	flags := h[3]
	if flags&gzipReserved != 0 {
		w.member.note(AnomalyHeaderBits)
	}
	sum := crc32.NewIEEE()
	sum.Write(h[:])
	in := &tee{r: w.in.buf, sum: sum}
	if flags&gzipExtra != 0 {
		if err := in.skipExtra(); err != nil {
			return truncated(err)
		}
	}
	if flags&gzipName != 0 {
		raw, cut, err := in.cString(w.limits.NameBytes)
		if err != nil {
			return truncated(err)
		}
		w.addName(raw, cut)
	}
	if flags&gzipComment != 0 {
		if _, _, err := in.cString(0); err != nil {
			return truncated(err)
		}
	}
	if flags&gzipHeaderCRC != 0 {
		want := uint16(sum.Sum32())
		var got [2]byte
		if _, err := io.ReadFull(w.in.buf, got[:]); err != nil {
			return truncated(err)
		}
		if binary.LittleEndian.Uint16(got[:]) != want {
			w.member.note(AnomalyHeaderCRC)
		}
	}
	w.crc, w.n = 0, 0
	w.in.restart()
	return nil
}

func (w *gzipWalker) addName(raw []byte, cut bool) {
	if cut {
		w.member.note(AnomalyNameCut)
	}
	// RFC 1952 says ISO 8859-1; what writes gzip today stores UTF-8.
	for _, name := range decodeNames(raw, latin1) {
		w.member.addName(name, w.limits.NameBytes)
	}
}

// Read decodes the streams one after the other.
func (w *gzipWalker) Read(p []byte) (int, error) {
	for {
		n, err := w.in.Read(p)
		w.crc = crc32.Update(w.crc, crc32.IEEETable, p[:n])
		w.n += uint32(n)
		switch {
		case err == nil:
			return n, nil
		case err != io.EOF:
			return n, bodyError(err)
		}
		if err := w.trailer(); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// trailer checks the end of a stream and opens the next. It returns io.EOF at
// the end of the last.
func (w *gzipWalker) trailer() error {
	var t [8]byte
	if _, err := io.ReadFull(w.in.buf, t[:]); err != nil {
		return truncated(err)
	}
	if binary.LittleEndian.Uint32(t[:]) != w.crc {
		w.member.note(AnomalyCRC)
		w.fail = fmt.Errorf("CRC: %w", ErrMalformed)
	}
	if binary.LittleEndian.Uint32(t[4:]) != w.n {
		w.member.note(AnomalySize)
		w.fail = fmt.Errorf("size: %w", ErrMalformed)
	}
	more, err := w.another()
	if err != nil {
		return err
	}
	if !more {
		if w.fail != nil {
			return w.fail
		}
		return io.EOF
	}
	w.member.note(AnomalyMembers)
	return w.header()
}

// another says whether a further stream follows. Zero bytes between streams and
// at the end are padding to gzip and are skipped.
func (w *gzipWalker) another() (bool, error) {
	for {
		next, err := w.in.buf.Peek(3)
		if len(next) == 3 && next[0] == 0x1f && next[1] == 0x8b && next[2] == 8 {
			return true, nil
		}
		if len(next) == 0 {
			if err == io.EOF {
				err = nil
			}
			return false, err
		}
		// QUIRK: RFC 1952 section 2.2 knows nothing between members. gzip skips
		// zeros and stops at garbage; 7-Zip and others go on to what follows it.
		chunk, _ := w.in.buf.Peek(w.in.buf.Buffered())
		skip := bytes.IndexByte(chunk[1:], 0x1f) + 1
		if skip == 0 {
			skip = len(chunk)
		}
		if len(bytes.Trim(chunk[:skip], "\x00")) > 0 {
			w.notes = noteOnce(w.notes, AnomalyAppended)
		}
		if _, err := w.in.buf.Discard(skip); err != nil {
			return false, err
		}
	}
}

// truncated says that input ended too early.
func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: %w", ErrMalformed, io.ErrUnexpectedEOF)
	}
	return err
}

// bodyError puts a decoder's complaint in its class. What the source itself
// answers stays as it is.
func bodyError(err error) error {
	var source *sourceError
	if errors.As(err, &source) {
		return source.err
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return truncated(err)
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// tee reads a header and keeps its checksum.
type tee struct {
	r   *bufio.Reader
	sum io.Writer
}

func (t *tee) ReadByte() (byte, error) {
	b, err := t.r.ReadByte()
	if err == nil {
		t.sum.Write([]byte{b})
	}
	return b, err
}

func (t *tee) skipExtra() error {
	var n [2]byte
	for i := range n {
		b, err := t.ReadByte()
		if err != nil {
			return err
		}
		n[i] = b
	}
	_, err := io.CopyN(t.sum, t.r, int64(binary.LittleEndian.Uint16(n[:])))
	return err
}

// cString reads up to a NUL and keeps the first max bytes.
func (t *tee) cString(max int) (s []byte, cut bool, err error) {
	for {
		b, err := t.ReadByte()
		if err != nil || b == 0 {
			return s, cut, err
		}
		if len(s) < max {
			s = append(s, b)
		} else {
			cut = true
		}
	}
}
