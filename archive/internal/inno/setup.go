package inno

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// setup is one identification with what follows from it.
type setup struct {
	w       *walker
	number  int
	version version
	at      int64
	pos     int64 // of the next block
	guessed *block
	n       int // blocks so far
	head    kept
	files   kept
	secret  *secret
	key     []byte
	locked  bool // no password fits
	layout  *layout
	base    int64 // what offsets of chunks are from
	chunks  []*chunk
}

// newSetup reads what stands before the first block.
func newSetup(w *walker, at int64) (*setup, error) {
	b, err := headOf(w.src, at, w.size, searchEdge)
	if err != nil {
		return nil, err
	}
	h, n, ok := firstBlock(b)
	s := &setup{w: w, number: w.setups, at: at, version: parseVersion(b[:min(idBytes, len(b))]), pos: at + int64(n)}
	if ok && h.wrong {
		s.guessed = &h
		w.Note(anomaly.CRC)
	}
	const before = 4 + 1 + secretBytes
	if n >= idBytes+before && len(b) >= idBytes+before && crc32.ChecksumIEEE(b[idBytes+4:idBytes+before]) == binary.LittleEndian.Uint32(b[idBytes:]) {
		if secret := parseSecret(b[idBytes+4:]); secret.use > 0 {
			s.secret = &secret
		}
	}
	return s, nil
}

// maxBlocks is how many blocks are read behind one identification: the header, the
// entries of files, and the setup program.
const maxBlocks = 8

// nextBlock yields the next block, and goes on to the files behind the last one.
func (s *setup) nextBlock() error {
	b, err := headOf(s.w.src, s.pos, s.w.size, 64)
	if err != nil {
		return err
	}
	h, ok := parseBlock(b)
	if !ok && s.n == 0 && s.guessed != nil {
		h, ok = *s.guessed, true
	}
	if !ok || s.n == maxBlocks || s.w.blocks[s.pos] {
		s.checkEnd()
		s.w.Then(s.readFiles)
		return nil
	}
	name := fmt.Sprintf("setup-%d/%s", s.number, [...]string{"header", "files", "program"}[min(s.n, 2)])
	at := s.pos
	s.pos += int64(h.head) + h.size
	s.n++
	if s.n > 2 {
		s.w.Then(s.w.program(name, at, h, s.version), s.nextBlock)
		return nil
	}
	body := s.w.yieldBlock(name, at, h, s)
	if body == nil {
		s.w.Then(s.nextBlock)
		return nil
	}
	keep := &s.head
	if s.n == 2 {
		keep = &s.files
	}
	body.keep = keep
	s.w.Then(func() error { return s.w.finish(body) }, s.nextBlock)
	return nil
}

// checkEnd notes what the file ends before.
func (s *setup) checkEnd() {
	short := s.n < 2
	for _, t := range s.w.parts.tables {
		short = short || t.header == s.at && max(t.program, t.data) >= s.w.size
	}
	if short {
		s.w.Note(anomaly.Truncated)
	}
}

// blockBody is a block that is decoded.
type blockBody struct {
	w    *walker
	r    io.Reader
	in   *input.Bytes
	m    *level.Member
	keep *kept
	err  error
}

func (b *blockBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.keep != nil {
		_, _ = b.keep.Write(p[:n])
	}
	if err != nil {
		b.close()
		if err != io.EOF {
			err = level.BodyError(err)
		}
		b.err = err
	}
	return n, err
}

func (b *blockBody) close() {
	if b.in != nil {
		b.w.carve(b.in.At())
		b.in.Release()
		b.in = nil
	}
	if b.err == nil {
		b.err = io.EOF
	}
}

// finish reads what is left of a block that must be known.
func (w *walker) finish(b *blockBody) error {
	if b.err == nil {
		n, err := io.CopyN(io.Discard, b, input.MaxDrain-w.drained)
		w.drained += n
		var source *level.SourceError
		if errors.As(err, &source) {
			return source.Err
		}
		if err == nil && b.err == nil {
			return input.ErrDrained()
		}
	}
	b.close()
	return nil
}

// Work implements level.Worker.
func (b *blockBody) Work() int64 { return b.w.work.take() }

// yieldBlock yields a block of a setup, nil for one of no setup. It returns nil if there
// is no body.
func (w *walker) yieldBlock(name string, at int64, h block, s *setup) *blockBody {
	m := &level.Member{Size: -1, Packed: h.size}
	level.AddName(m, name, w.limits.NameBytes)
	w.blocks[at] = true
	if h.size > w.size-at-int64(h.head) {
		level.Note(m, anomaly.Truncated)
	}
	if s != nil && s.secret != nil && s.secret.use > 1 {
		m.Encrypted = true
		if m.Password, m.Err = s.unlock(); m.Err != nil {
			m.Method = "stored"
			w.closed = true
			w.Yield(m, nil)
			return nil
		}
	}
	source := func() (io.Reader, error) {
		var r io.Reader = &pieces{r: saferead.Section(w.src, at+int64(h.head), h.size, w.size), m: m}
		if m.Encrypted {
			r = streamReader{s.secret.stream(s.key, ^uint32(s.n), 0), r}
		}
		return r, nil
	}
	p := stored
	if h.packed {
		p = compressed
	}
	in, r, method, err := w.dec.choose(source, p)
	if m.Method = method; err != nil {
		m.Err = err
		w.Yield(m, nil)
		return nil
	}
	b := &blockBody{w: w, r: r, in: in, m: m}
	w.Yield(m, b)
	return b
}

// program yields a block that holds a program: as it is once the filter is undone; and
// as it is stored, if its checksum in the loader's table or a version that is not known
// says that the first reading may be wrong.
func (w *walker) program(name string, at int64, h block, v version) level.Step {
	return func() error {
		if err := w.carvedOut(); err != nil {
			return err
		}
		b := w.yieldBlock(name, at, h, nil)
		if b == nil {
			return nil
		}
		f := filterOf(v)
		b.r = f.reader(b.r, true, w.filtered[:])
		sum := crc32.NewIEEE()
		b.r = io.TeeReader(b.r, sum)
		w.Then(func() error {
			if err := w.finish(b); err != nil {
				return err
			}
			i := slices.IndexFunc(w.parts.tables, func(t table) bool { return t.program == at })
			known := v > 0
			if i >= 0 {
				known = w.parts.tables[i].sum == sum.Sum32()
			}
			if known || f == plain {
				return nil
			}
			raw := w.yieldBlock(name, at, h, nil)
			if raw != nil {
				raw.m.Reading = plain.String()
				w.Then(func() error { return w.finish(raw) })
			}
			return nil
		})
		return nil
	}
}

// filterOf is the filter that a version applies.
func filterOf(v version) filter {
	switch {
	case v > 0 && v < 40108:
		return plain
	case v > 0 && v < 50200:
		return sums
	case v > 0 && v < 50309:
		return blocks
	}
	return flipped
}

// readFiles takes the entries of both blocks together.
func (s *setup) readFiles() error {
	var all []location
	var err error
	s.layout, all, err = readLocations(s.files.b, s.version, s.led)
	if s.layout == nil {
		return nil
	}
	s.readSecret()
	var offsets []int64
	for _, e := range all[:min(len(all), senseEntries)] {
		offsets = append(offsets, e.chunk)
	}
	s.base, _ = s.findBase(offsets)
	if len(s.head.b) == maxKept {
		s.w.Note(anomaly.NameCut)
	}
	names := fileNames(s.head.b, s.version, len(all), &s.w.work)
	s.head.b, s.files.b = nil, nil
	s.group(all, names)
	s.w.Then(s.nextChunk, func() error { return err })
	return nil
}

// led is the share of chunks that are where entries say.
func (s *setup) led(offsets []int64) float64 {
	_, n := s.findBase(offsets)
	return float64(n) / float64(max(1, len(offsets)))
}

// maxBases is how many places are tried for the start of the data.
const maxBases = 32

// findBase finds the offset of the data by which most offsets lead to a chunk.
func (s *setup) findBase(offsets []int64) (base int64, led int) {
	if len(offsets) == 0 {
		return 0, 0
	}
	try := func(b int64) {
		if !s.w.work.spend(5 * int64(len(offsets))) {
			return
		}
		n := 0
		for _, off := range offsets {
			if _, found := slices.BinarySearch(s.w.parts.chunks, b+off); found {
				n++
			}
		}
		if n > led {
			base, led = b, n
		}
	}
	// What stands in front of the loader does not count.
	for _, t := range s.w.parts.tables {
		try(t.data + s.at - t.header)
	}
	first := slices.Min(offsets)
	// The first that no other setup has, those behind the blocks, and the first of all.
	chunks := s.w.parts.chunks
	for s.w.free < len(chunks) && s.w.covered.has(chunks[s.w.free]) {
		s.w.free++
	}
	behind, _ := slices.BinarySearch(chunks, s.pos)
	for _, i := range []int{s.w.free, behind, 0} {
		for _, at := range chunks[i:min(i+maxBases, len(chunks))] {
			if led == len(offsets) {
				break
			}
			try(at - first)
		}
	}
	return base, led
}

// group puts the files of a chunk together, in the order in which they are in it.
func (s *setup) group(all []location, names [][]string) {
	type key struct {
		slice uint32
		chunk int64
		flags uint16
	}
	byKey := map[key]*chunk{}
	l := s.layout
	for i, e := range all {
		k := key{e.first, e.chunk, e.flags & (l.crypted | l.packed)}
		c := byKey[k]
		if c == nil {
			c = &chunk{w: s.w, s: s, slice: e.first, at: s.base + e.chunk, offset: e.chunk, encrypted: e.flags&l.crypted != 0}
			switch {
			case l.packed == 0:
			case e.flags&l.packed != 0:
				c.packing = compressed
			default:
				c.packing = stored
			}
			byKey[k] = c
			s.chunks = append(s.chunks, c)
		}
		c.packed, c.more = max(c.packed, e.packed), c.more || e.last > e.first
		c.files = append(c.files, file{number: i, offset: e.offset, size: e.size, sum: e.sum, calls: e.flags&l.calls != 0, names: names[i]})
	}
	for _, c := range s.chunks {
		slices.SortStableFunc(c.files, func(a, b file) int {
			return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.size, b.size))
		})
		c.files = merged(c.files)
	}
}

// merged makes one of files that are the same bytes.
func merged(files []file) []file {
	out := files[:0]
	for _, f := range files {
		if n := len(out); n > 0 && out[n-1].offset == f.offset && out[n-1].size == f.size && out[n-1].calls == f.calls && bytes.Equal(out[n-1].sum[:], f.sum[:]) {
			if have := &out[n-1].names; len(*have) < level.MaxNames {
				*have = append(*have, f.names...)
			}
			continue
		}
		out = append(out, f)
	}
	return out
}

// nextChunk begins the next chunk.
func (s *setup) nextChunk() error {
	if len(s.chunks) == 0 {
		return nil
	}
	c := s.chunks[0]
	s.chunks = s.chunks[1:]
	s.w.Then(c.next, s.nextChunk)
	return nil
}
