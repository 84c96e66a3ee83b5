package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// isBzip2 asks for more than "BZh": a block's or the end's magic follows.
func isBzip2(head []byte) bool {
	if len(head) < 4 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	rest := head[4:min(len(head), 10)]
	return bytes.HasPrefix([]byte("1AY&SY"), rest) || bytes.HasPrefix([]byte("\x17\x72\x45\x38\x50\x90"), rest)
}

// bzip2Walker yields one member: the streams of the file put together. The
// decoder goes from one stream to the next by itself; what lies between them is
// skipped here.
type bzip2Walker struct {
	src    *io.SectionReader
	in     countedBytes
	z      io.Reader
	member *Member
	done   bool
	gaps   int // garbage skipped so far
	notes  []string
}

// maxGaps bounds the decoders that garbage between streams makes necessary:
// each costs 4 MB.
const maxGaps = 64

func openBzip2(src io.ReaderAt, size int64, _ Limits) (walker, error) {
	head, err := saferead.UpTo(src, 0, 10, size, 10)
	if err != nil {
		return nil, err
	}
	if !isBzip2(head) {
		return nil, ErrFormat
	}
	w := &bzip2Walker{src: saferead.Section(src, 0, size, size)}
	w.in.buf = bufio.NewReaderSize(&source{r: w.src}, 16<<10)
	return w, nil
}

func (w *bzip2Walker) anomalies() []string { return w.notes }
func (w *bzip2Walker) close()              {}

func (w *bzip2Walker) next() (*Member, io.Reader, error) {
	if w.done {
		return nil, nil, io.EOF
	}
	w.done = true
	w.member = &Member{Size: -1, Method: "bzip2"}
	w.z = bzip2.NewReader(&w.in)
	return w.member, w, nil
}

// errBehindStream is the decoder's answer to garbage behind a whole stream.
const errBehindStream = bzip2.StructuralError("bad magic value in continuation file")

func (w *bzip2Walker) Read(p []byte) (int, error) {
	n, err := w.z.Read(p)
	switch err {
	case nil, io.EOF:
		return n, err
	case errBehindStream:
		w.notes = noteOnce(w.notes, AnomalyAppended)
		if err = w.findStream(); err != nil {
			return n, err
		}
		return n, nil
	}
	return n, bodyError(err)
}

// findStream goes on at the next stream, io.EOF if there is none.
//
// QUIRK: bzip2 stops at what is no stream with a warning; 7-Zip and recovery
// tools find what follows.
func (w *bzip2Walker) findStream() error {
	if w.gaps++; w.gaps > maxGaps {
		return fmt.Errorf("garbage between streams: %w", ErrMalformed)
	}
	// The decoder has taken two bytes to see that no stream follows.
	if _, err := w.src.Seek(w.in.n-2, io.SeekStart); err != nil {
		return err
	}
	w.in.n -= 2
	w.in.buf.Reset(&source{r: w.src})
	for {
		head, err := w.in.buf.Peek(10)
		if len(head) == 10 && isBzip2(head) {
			w.z = bzip2.NewReader(&w.in)
			return nil
		}
		if len(head) < 10 {
			return err
		}
		skip := 1 + bytes.IndexByte(head[1:], 'B')
		if skip == 0 {
			skip = len(head)
		}
		if _, err := w.in.buf.Discard(skip); err != nil {
			return err
		}
		w.in.n += int64(skip)
	}
}

// countedBytes counts what the decoder takes. It is an io.ByteReader, so that
// nothing is taken ahead.
type countedBytes struct {
	buf *bufio.Reader
	n   int64
}

func (c *countedBytes) ReadByte() (byte, error) {
	b, err := c.buf.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func (c *countedBytes) Read(p []byte) (int, error) {
	n, err := c.buf.Read(p)
	c.n += int64(n)
	return n, err
}
