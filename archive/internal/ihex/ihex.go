package ihex

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Format is how a file in the hexadecimal format is found and opened.
var Format = &level.Format{Name: "ihex", Detect: detect, Open: open}

func detect(p *level.Probe) bool { return Begins(p.Head) }

// look is how many bytes tell the format: two of the longest records.
const look = 2*(1+maxRecord) + 64

// Begins says whether a text begins with two records.
func Begins(b []byte) bool {
	b = b[:min(len(b), look)]
	if !bytes.HasPrefix(bytes.TrimLeft(b, "\r\n\t "), []byte(":")) {
		return false
	}
	r := newRecords(bytes.NewReader(b))
	for range 2 {
		if _, err := r.next(); err != nil {
			return false
		}
	}
	return true
}

// file is a walk through the runs of records whose addresses follow each other.
type file struct {
	level.Steps
	src  io.ReaderAt
	size int64
	in   *records
	run  run
}

// run is where a run lies in the text, and what it decodes to.
type run struct {
	begin, end    int64
	address, next uint64
}

func (r run) bytes() int64 { return int64(r.next - r.address) }

func open(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, look, size, look)
	if err != nil {
		return nil, err
	}
	if !Begins(head) {
		return nil, level.ErrFormat
	}
	f := &file{src: src, size: size, in: newRecords(saferead.Section(src, 0, size, size))}
	f.Then(f.more)
	return f, nil
}

// more yields the run that the next record begins or ends.
func (f *file) more() error {
	rec, err := f.in.next()
	if err != nil {
		f.yield()
		f.Then(func() error { return f.ended(err) })
		return nil
	}
	f.Then(f.more)
	if rec.kind != kindData || len(rec.data) == 0 {
		return nil
	}
	if rec.address != f.run.next || f.run.bytes() == 0 {
		f.yield()
		f.run = run{begin: rec.begin, address: rec.address, next: rec.address}
	}
	f.run.next += uint64(len(rec.data))
	f.run.end = f.in.at
	return nil
}

// yield yields the run that has been read, if there is one.
func (f *file) yield() {
	if r := f.run; r.bytes() > 0 {
		text := saferead.Section(f.src, r.begin, r.end-r.begin, f.size)
		f.Yield(&level.Member{Names: []string{fmt.Sprintf("%08X.bin", r.address)}, Size: r.bytes(), Method: "hex"}, &body{in: newRecords(text)})
	}
}

// ended says how the records ended.
func (f *file) ended(err error) error {
	if err == io.EOF {
		if _, err = f.in.visible(); err == nil {
			f.Note(anomaly.Appended)
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// body decodes the text of a run.
type body struct {
	in   *records
	left []byte
}

func (b *body) Read(p []byte) (int, error) {
	for len(b.left) == 0 {
		rec, err := b.in.next()
		if err != nil {
			return 0, err
		}
		if rec.kind == kindData {
			b.left = rec.data
		}
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}
