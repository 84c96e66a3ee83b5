package mime

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// yEnc (draft 1.3 of yenc.org; no RFC): a "=ybegin" line with the file's name, for
// one part of several a "=ypart" line, the bytes plus 42, "=yend" with checksums.
var (
	yBegin = []byte("=ybegin ")
	yPart  = []byte("=ypart ")
	yEnd   = []byte("=yend")
)

// yHeader is what "=ybegin" and "=ypart" say. Numbers are -1 where absent.
type yHeader struct {
	name  []byte
	size  int64 // of the whole file
	part  int64 // 1 is the first
	begin int64 // offset in the file of the part's first byte, from 1
}

// yNumber reads a number that a keyword line has for key.
func yNumber(line []byte, key string, base int) (int64, bool) {
	i := bytes.Index(line, []byte(" "+key+"="))
	if i < 0 {
		return -1, false
	}
	digits := line[i+len(key)+2:]
	if end := bytes.IndexByte(digits, ' '); end >= 0 {
		digits = digits[:end]
	}
	n, err := strconv.ParseInt(string(digits[:min(len(digits), 20)]), base, 64)
	if err != nil || n < 0 {
		return -1, false
	}
	return n, true
}

func parseYBegin(line []byte) (h yHeader) {
	if i := bytes.Index(line, []byte(" name=")); i >= 0 { // the last one, for it may hold anything
		h.name = bytes.Clone(bytes.Trim(line[i+len(" name="):], " \t"))
		line = line[:i]
	}
	h.size, _ = yNumber(line, "size", 10)
	h.part, _ = yNumber(line, "part", 10)
	h.begin = -1
	return h
}

// yDecoder decodes the lines of one yEnc file or part.
type yDecoder struct {
	e      *Entity
	to     sink
	head   yHeader
	escape bool // "=" was the last byte
	size   int64
	crc    uint32
	skip   bool // the rest of the line is a keyword's
}

// take takes a piece of a line; end says that it was the last line.
func (d *yDecoder) take(line []byte, p piece) (end bool, err error) {
	if p.first {
		d.skip = bytes.HasPrefix(line, []byte("=y")) // no encoder escapes what gives a "y"
		switch {
		case bytes.HasPrefix(line, yEnd):
			d.verify(line)
			return true, nil
		case bytes.HasPrefix(line, yPart):
			d.head.begin, _ = yNumber(line, "begin", 10)
		}
	}
	if d.skip {
		return false, nil
	}
	if err := d.data(line); err != nil {
		return false, err
	}
	if p.last && d.escape {
		d.escape = false
		d.e.note(AnomalyBadYEnc)
	}
	return false, nil
}

func (d *yDecoder) data(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for len(p) > 0 {
		n := 0
		for len(p) > 0 && n < chunk {
			if d.escape {
				d.escape = false
				buf[n] = p[0] - 64 - 42
				n, p = n+1, p[1:]
				continue
			}
			run := p[:min(len(p), chunk-n)]
			eq := bytes.IndexByte(run, '=')
			if eq >= 0 {
				run = run[:eq]
			}
			minus42(buf[n:], run)
			n, p = n+len(run), p[len(run):]
			if eq >= 0 {
				d.escape, p = true, p[1:]
			}
		}
		if n == 0 {
			continue
		}
		d.crc = crc32.Update(d.crc, crc32.IEEETable, buf[:n])
		d.size += int64(n)
		if err := d.to.write(buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// minus42 writes src less 42 to dst, eight bytes at a time.
func minus42(dst, src []byte) {
	const high, sub = 0x8080808080808080, 42 * 0x0101010101010101
	for len(src) >= 8 {
		v := binary.LittleEndian.Uint64(src)
		binary.LittleEndian.PutUint64(dst, ((v|high)-sub)^(^v&high))
		src, dst = src[8:], dst[8:]
	}
	for i, c := range src {
		dst[i] = c - 42
	}
}

// verify holds what was decoded against the "=yend" line.
func (d *yDecoder) verify(line []byte) {
	key := "crc32"
	if d.head.part >= 0 {
		key = "pcrc32"
	}
	if crc, ok := yNumber(line, key, 16); ok && crc != int64(d.crc) {
		d.e.note(AnomalyChecksum)
	}
	if size, ok := yNumber(line, "size", 10); !ok || size != d.size {
		d.e.note(AnomalyBadYEnc)
	}
}

// addName adds the file's name to those of e.
func (h *yHeader) addName(e *Entity) {
	if len(h.name) > 0 {
		e.addName(Name{Value: decodeRaw(e, h.name), Raw: string(h.name), Source: FromContent})
	}
}

// yFile extracts yEnc from a text. Parts of one file that follow each other in a
// message are joined: the first goes on with the bytes of the next, which is an
// entity of its own besides.
type yFile struct {
	w *Walker
	d *yDecoder // nil if the message has no room
}

func newYFile(c *carver, line []byte) *yFile {
	e := c.entity("application/octet-stream", "x-yencode")
	d := &yDecoder{e: e, head: parseYBegin(line)}
	d.head.addName(e)
	if d.head.part >= 0 {
		e.note(AnomalyYEncPart)
	}
	f := &yFile{w: c.w}
	if l := newLeaf(c.w, e, false); l != nil {
		f.d = d
		d.to = l
	}
	return f
}

func (f *yFile) take(line []byte, p piece) (extent, error) {
	if f.d == nil {
		return fileGoesOn, nil
	}
	if l, own := f.d.to.(*leaf); own && p.first && bytes.HasPrefix(line, yPart) && f.d.size == 0 {
		begin, _ := yNumber(line, "begin", 10)
		f.d.to = f.w.yenc.join(l, &f.d.head, begin)
	}
	end, err := f.d.take(line, p)
	if end {
		return fileEnds, err
	}
	return fileGoesOn, err
}

func (f *yFile) close(cut bool) error {
	if f.d == nil {
		return nil
	}
	if cut {
		f.d.e.note(AnomalyBadYEnc)
	}
	return f.w.yenc.end(f.w, f.d)
}

func (f *yFile) snapshot(label string) error {
	if f.d == nil {
		return nil
	}
	return f.d.to.snapshot(label, nil)
}

func (f *yFile) branch(label string) extractor {
	if f.d == nil {
		return nil
	}
	d := *f.d
	to, ok := branchOff(d.e, d.to, label).(*leaf)
	if !ok {
		return nil
	}
	d.e, d.to = to.e, to
	return &yFile{w: f.w, d: &d}
}

// yJoins are files of which the first parts were seen, and which wait for the next.
type yJoins []*yJoin

// yJoin is a file that begins in one text and goes on in another.
type yJoin struct {
	leaf *leaf
	name string
	size int64 // of the whole file
	next int64 // offset of the part that is waited for, from 1
}

// maxYJoins bounds the files that wait.
const maxYJoins = 4

// join returns the sink of a part that begins at an offset: its own, and that of
// the file that waits for it.
func (js yJoins) join(own *leaf, h *yHeader, begin int64) sink {
	for _, j := range js {
		if j.next == begin && j.size == h.size && j.name == string(h.name) {
			j.next = 0 // no other part comes here now
			return &ySinks{own: own, join: j}
		}
	}
	return own
}

// ySinks take a part and the file that it belongs to.
type ySinks struct {
	own  *leaf
	join *yJoin
}

func (s *ySinks) write(p []byte) error {
	if err := s.own.write(p); err != nil {
		return err
	}
	return s.join.leaf.write(p)
}

func (s *ySinks) close() error                             { return s.own.close() }
func (s *ySinks) snapshot(label string, tail []byte) error { return s.own.snapshot(label, tail) }
func (s *ySinks) branch(label string) sink                 { return s.own.branch(label) }

// end ends a part. The first of several stays open for the next.
func (js *yJoins) end(w *Walker, d *yDecoder) error {
	end := d.head.begin + d.size
	if s, ok := d.to.(*ySinks); ok {
		j := s.join
		j.next = end
		if j.next <= j.size {
			return s.close()
		}
		j.leaf.e.Fault = nil
		if i := js.index(j); i >= 0 {
			*js = append((*js)[:i], (*js)[i+1:]...)
		}
		if err := j.leaf.close(); err != nil {
			return err
		}
		return s.close()
	}
	if d.head.part < 0 || d.head.begin == 1 && end == d.head.size+1 {
		return d.to.close() // the whole file
	}
	d.e.fault(errYEncPart)
	l, ok := d.to.(*leaf)
	if !ok || d.head.part != 1 || d.head.begin != 1 || len(*js) >= maxYJoins {
		return d.to.close()
	}
	if err := l.snapshot("yenc=part", nil); err != nil {
		return err
	}
	*js = append(*js, &yJoin{leaf: l, name: string(d.head.name), size: d.head.size, next: end})
	return nil
}

func (js *yJoins) index(j *yJoin) int {
	for i, o := range *js {
		if o == j {
			return i
		}
	}
	return -1
}
