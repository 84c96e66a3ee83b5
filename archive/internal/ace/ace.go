package ace

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
	"github.com/fivefifty/fivefifty/internal/unace"
)

var (
	mark  = &level.Mark{Text: signature, Even: 2, Odd: 3, Fits: func(p *level.Probe, at int64) bool { return begins(p, at) }}
	marks = []*level.Mark{mark}
)

// Format is how an ACE archive is found and opened.
var Format = &level.Format{Name: "ace", Detect: func(p *level.Probe) bool { return p.Met(mark) }, Open: open, Marks: marks}

// mostSummed bounds the headers whose checksum Detect looks at, in bytes: the signature
// may occur often.
const mostSummed = 4 << 10

// begins says whether the signature at an offset is of a main header: with the right
// checksum, unless the file begins with it.
func begins(p *level.Probe, at int64) bool {
	at -= signatureAt
	if at < 0 || at < p.Size-int64(len(p.Tail)) && at >= int64(len(p.Head)) {
		return false
	}
	b := p.From(at)
	if len(b) < headFixed+mainFixed || b[headFixed] != typeMain {
		return false
	}
	if n := int(binary.LittleEndian.Uint16(b[2:])); n > mostSummed {
		return at+int64(headFixed+n) <= p.Size
	}
	h, ok := parse(b)
	return ok && (at == 0 || !h.bad)
}

// walker goes from header to header.
type walker struct {
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	notes   []string
	off     int64
	doubt   int64 // offset of the last header if its checksum is wrong, else -1
	work    int64 // bytes that search may still look at
	main    uint16
	ready   []comment
	decoder *unace.Decoder
	last    *body // the member before
	drained int64
	broken  error // why a solid archive cannot be followed
	keys    keys
}

// comment is one that comes behind its member.
type comment struct {
	names  []string
	packed []byte
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	at, err := find(src, size)
	if err != nil {
		return nil, err
	}
	if at < 0 {
		return nil, level.ErrFormat
	}
	w := &walker{src: src, size: size, limits: l, off: at, doubt: -1, work: 8*size + 1<<20, keys: keys{Candidates: level.Candidates{Keys: l.Keys}}}
	w.decoder = unace.NewDecoder(l.Dictionary)
	if at > 0 {
		w.note(anomaly.Prepended)
	}
	return w, nil
}

// find returns the offset of the first main header, -1 if there is none.
func find(src io.ReaderAt, size int64) (int64, error) {
	s := input.NewSearch(src, size, signature)
	work := 8*size + 1<<20 // bytes of headers
	for from := int64(signatureAt); ; from++ {
		at, err := s.Next(from)
		if err != nil || at < 0 {
			return -1, err
		}
		h, ok, err := headerAt(src, at-signatureAt, size)
		if err != nil {
			return -1, err
		}
		if ok && h.kind == typeMain && (at == signatureAt || !h.bad) {
			return at - signatureAt, nil
		}
		if work -= int64(len(h.raw)); work < 0 {
			return -1, fmt.Errorf("search for a header: %w", level.ErrMalformed)
		}
		from = at
	}
}

func (w *walker) Anomalies() []string { return w.notes }
func (w *walker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *walker) Close()              { w.decoder, w.last = nil, nil }

func (w *walker) Next() (*level.Member, io.Reader, error) {
	for {
		if len(w.ready) > 0 {
			m, body := w.comment(w.ready[0])
			w.ready = w.ready[1:]
			return m, body, nil
		}
		if w.off >= w.size {
			return nil, nil, io.EOF
		}
		h, ok, err := headerAt(w.src, w.off, w.size)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			// If the header before lied about its size, this is not the place.
			from := w.off
			if w.doubt >= 0 {
				from = w.doubt + 1
			}
			w.doubt = -1
			if err := w.search(from); err != nil {
				return nil, nil, err
			}
			continue
		}
		if w.doubt = -1; h.bad {
			w.doubt = w.off
			w.note(anomaly.HeaderCRC)
		}
		w.off = h.data
		switch h.kind {
		case typeFile32, typeFile64:
			m, body := w.file(h)
			return m, body, nil
		case typeMain:
			w.main = h.flags
			w.addComment(nil, h.mainComment())
		default:
			w.off += min(h.skipped(), w.size-w.off)
		}
	}
}

// search goes on at the next header whose checksum is right.
//
// QUIRK: unace and acefile stop at damage; ACE's own programs repair archives.
func (w *walker) search(from int64) error {
	const window, overlap = 128 << 10, headFixed + 1<<16
	for off := from; off < w.size; {
		buf, err := saferead.UpTo(w.src, off, window, w.size, window)
		if err != nil {
			return err
		}
		last := int64(len(buf)) >= w.size-off
		stop := len(buf) - overlap
		if last {
			stop = len(buf)
		}
		for i := 0; i < stop; i++ {
			if len(buf)-i < headFixed+headMin || buf[i+headFixed] > typeLast {
				continue
			}
			if h, ok := w.candidate(buf[i:]); ok && !h.bad {
				if off+int64(i) > from {
					w.note(anomaly.Gap)
				}
				w.off = off + int64(i)
				return nil
			}
			if w.work < 0 {
				return fmt.Errorf("search behind damage: %w", level.ErrLimit)
			}
		}
		if !level.AllZeros(buf) {
			w.note(anomaly.Appended)
		}
		if last || stop <= 0 {
			break
		}
		off += int64(stop)
	}
	w.off = w.size
	return nil
}

// candidate looks for a header where there may be none: before its checksum is made,
// the sizes in it must fit.
func (w *walker) candidate(b []byte) (h header, ok bool) {
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < fileFixed-4 || n > len(b)-headFixed {
		return h, false
	}
	switch kind := b[headFixed]; kind {
	case typeFile32, typeFile64:
		nameAt := headFixed + fileFixed - 2
		if kind == typeFile64 {
			nameAt += 8
		}
		if len(b) < nameAt+2 || nameAt+2+int(binary.LittleEndian.Uint16(b[nameAt:])) > headFixed+n {
			return h, false
		}
	case typeMain:
		if string(b[signatureAt:min(len(b), signatureAt+len(signature))]) != signature {
			return h, false
		}
	default:
		return h, false
	}
	w.work -= int64(n)
	return parse(b)
}

// file makes a file's header the current member.
func (w *walker) file(h header) (*level.Member, io.Reader) {
	f, _ := h.file()
	m := &level.Member{Size: f.size, Packed: f.packed, CRC32: ^f.crc, Method: method(f.method), Encrypted: h.flags&flagPassword != 0, Dir: f.attributes&attrFolder != 0}
	for _, n := range level.DecodeNames(f.name, level.CP437) {
		if len(f.name) > 0 {
			level.AddName(m, n, w.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	w.addComment(m.Names, f.comment)
	if m.Dir && f.packed > 0 {
		level.Note(m, anomaly.DirData)
	}
	if f.packed > w.size-h.data {
		level.Note(m, anomaly.Truncated)
		f.packed = w.size - h.data
	}
	w.off = h.data + f.packed
	b, err := w.open(m, h, f)
	if err != nil {
		m.Err, w.broken = err, err
		return m, nil
	}
	return m, b
}

// open makes the body of a file.
func (w *walker) open(m *level.Member, h header, f file) (io.Reader, error) {
	solid := (h.flags|w.main)&flagSolid != 0
	last := w.last
	w.last = nil
	switch {
	case f.method > methodBlocked:
		return nil, fmt.Errorf("method %s: %w", m.Method, level.ErrUnsupported)
	case h.flags&flagBefore != 0 && f.method != methodStored:
		return nil, fmt.Errorf("begins in another volume: %w", level.ErrUnsupported)
	case !solid:
		w.broken = nil
	case w.broken != nil:
		return nil, w.broken
	case last != nil:
		if err := w.drain(last); err != nil {
			return nil, err
		}
	}
	r := io.Reader(&level.Marked{R: saferead.Section(w.src, h.data, f.packed, w.size)})
	if m.Encrypted && f.packed > 0 {
		password, ok := w.keys.unlock(w.decoder, saferead.Section(w.src, h.data, f.packed, w.size), f)
		if !ok {
			return nil, level.ErrEncrypted
		}
		m.Password = password
		r = newCipher(password).reader(r)
	}
	b := &body{Packed: input.Packed{Member: m, R: decode(w.decoder, f, r, m.Encrypted), Size: f.size, Want: ^f.crc, Sum: crc32.NewIEEE(),
		Before: h.flags&flagBefore != 0, After: h.flags&flagAfter != 0}}
	if m.Dir && f.packed == 0 {
		b.Sum = nil
	}
	w.last = b
	return b, nil
}

// drain reads the rest of a body that the next one builds on.
func (w *walker) drain(b *body) error {
	if b.ended {
		return nil
	}
	n, err := io.CopyN(io.Discard, b, input.MaxDrain-w.drained)
	w.drained += n
	if err == nil {
		return input.ErrDrained()
	}
	return nil // its own faults are not the next one's
}

// body is a member's body.
type body struct {
	input.Packed
	ended bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Packed.Read(p)
	b.ended = b.ended || err != nil
	return n, err
}

// Methods.
const (
	methodStored  = 0
	methodLZ77    = 1
	methodBlocked = 2
)

func method(m byte) string {
	switch m {
	case methodStored:
		return "stored"
	case methodLZ77:
		return "ace-lz77"
	case methodBlocked:
		return "ace-blocked"
	}
	return fmt.Sprintf("ace-%d", m)
}

// decode unpacks a file. Behind what is encrypted, a block is filled up.
func decode(d *unace.Decoder, f file, r io.Reader, encrypted bool) io.Reader {
	switch f.method {
	case methodLZ77:
		return faults{d.LZ77(r, f.size)}
	case methodBlocked:
		return faults{d.Blocked(r, f.size)}
	}
	if encrypted {
		r = io.LimitReader(r, f.size)
	}
	return stored{d, r}
}

// stored enters what is not packed into the dictionary.
type stored struct {
	d *unace.Decoder
	r io.Reader
}

func (s stored) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.d.Put(p[:n])
	return n, err
}

// faults puts what a decoder complains of in its class.
type faults struct{ r io.Reader }

func (f faults) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	switch err {
	case unace.ErrWindow, unace.ErrWork:
		err = fmt.Errorf("%w: %w", level.ErrLimit, err)
	}
	return n, err
}

// addComment puts a comment behind what it is of.
func (w *walker) addComment(names []string, packed []byte) {
	if len(packed) > 0 {
		w.ready = append(w.ready, comment{names, append([]byte(nil), packed...)})
	}
}

// comment makes a comment the current member.
func (w *walker) comment(c comment) (*level.Member, io.Reader) {
	text, ok := unace.Comment(c.packed)
	m := &level.Member{Names: c.names, Size: -1, Method: "ace-comment", Reading: "comment", Packed: int64(len(c.packed))}
	return m, &commentBody{text: text, broken: !ok}
}

// commentBody is an unpacked comment.
type commentBody struct {
	text   []byte
	broken bool
}

func (b *commentBody) Read(p []byte) (int, error) {
	n := copy(p, b.text)
	b.text = b.text[n:]
	switch {
	case len(b.text) > 0 || len(p) == 0:
		return n, nil
	case b.broken:
		return n, fmt.Errorf("comment: %w", level.ErrMalformed)
	}
	return n, io.EOF
}
