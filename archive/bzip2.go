package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
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

// bzip2Walker yields one member: the streams of the file put together.
type bzip2Walker struct {
	in     *bufio.Reader
	z      io.Reader
	member *Member
	done   bool
	any    bool // a byte was decoded
	notes  []string
}

func openBzip2(src io.ReaderAt, size int64, _ Limits) (walker, error) {
	head, err := saferead.UpTo(src, 0, 10, size, 10)
	if err != nil {
		return nil, err
	}
	if !isBzip2(head) {
		return nil, ErrFormat
	}
	in := bufio.NewReaderSize(&source{r: saferead.Section(src, 0, size, size)}, 16<<10)
	return &bzip2Walker{in: in}, nil
}

func (w *bzip2Walker) anomalies() []string { return w.notes }
func (w *bzip2Walker) close()              {}

func (w *bzip2Walker) next() (*Member, io.Reader, error) {
	if w.done {
		return nil, nil, io.EOF
	}
	w.done = true
	w.member = &Member{Size: -1, Method: "bzip2"}
	w.z = bzip2.NewReader(w.in)
	return w.member, w, nil
}

func (w *bzip2Walker) Read(p []byte) (int, error) {
	n, err := w.z.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, bodyError(err)
}
