package archive

import (
	"bytes"
	"fmt"
	"io"
)

// Identifiers with which Symbian's packages begin ("SIS File Format" by
// A. Thoukydides; "Symbian OS v9.X SIS File Format Specification").
const (
	sisID        = 0x10000419 // the third of a package before Symbian 9
	sisRelease5  = 0x1000006d // the second, of EPOC releases 3 to 5
	sisRelease6  = 0x10003a12
	sisxID       = 0x10201a7a // the first, from Symbian 9 on
	sisHeadBytes = 68
)

// Flags of a package.
const (
	sisUnicode = 1
	sisStored  = 8
)

// Types of records.
const (
	sisFile      = 0
	sisLanguages = 1 // a file for each language
	sisOptions   = 2
	sisIf        = 3
	sisElseIf    = 4
	sisEndIf     = 6
)

func isSIS(head []byte) bool {
	if len(head) < sisHeadBytes {
		return false
	}
	second := le.Uint32(head[4:])
	return le.Uint32(head[8:]) == sisID && (second == sisRelease5 || second == sisRelease6)
}

func isSISX(head []byte) bool {
	return len(head) >= sisxHead+8 && le.Uint32(head) == sisxID && le.Uint32(head[sisxHead:]) == sisxContents
}

func detectSIS(p *probe) bool { return isSIS(p.head) || isSISX(p.head) }

func openSIS(src io.ReaderAt, size int64, l Limits) (walker, error) {
	f := newFields(src, size)
	head := bytes.Clone(f.next(int(min(size, sisHeadBytes))))
	switch {
	case f.err != nil:
		return nil, f.err
	case isSISX(head):
		return openSISX(f, l), nil
	case !isSIS(head):
		return nil, ErrFormat
	}
	s := &sisPackage{
		f: f, maxName: l.NameBytes,
		languages: int64(le.Uint16(head[18:])), records: int(le.Uint16(head[20:])), flags: le.Uint16(head[36:]),
		sized: le.Uint32(head[4:]) == sisRelease6,
	}
	f.off = int64(le.Uint32(head[52:]))
	s.then(s.record)
	return s, nil
}

// sisPackage walks the records of a package.
type sisPackage struct {
	steps
	f         *fields
	maxName   int
	languages int64
	records   int // that are still to come
	flags     uint16
	sized     bool // files tell their unpacked size, and may be packed
}

// record reads the next record.
func (s *sisPackage) record() error {
	f := s.f
	if s.records--; s.records < 0 || f.err != nil {
		return f.err
	}
	switch kind := f.u32(); {
	case f.short:
		s.note(AnomalyTruncated)
		return fmt.Errorf("record: %w", ErrMalformed)
	case kind == sisFile:
		s.file(1)
	case kind == sisLanguages:
		s.file(s.languages)
	case kind == sisOptions:
		f.skip(int64(f.u32())*8*s.languages + 16)
		s.then(s.record)
	case kind == sisIf || kind == sisElseIf:
		f.skip(int64(f.u32()))
		s.then(s.record)
	case kind <= sisEndIf: // "else" and "end if" are no more than that
		s.then(s.record)
	default:
		return fmt.Errorf("record of type %d: %w", kind, ErrMalformed)
	}
	return nil
}

// sisFiles is a record of n files with one name.
type sisFiles struct {
	names []string
	n     int64
	at    int64 // offset of the n lengths, then the n places, then the n unpacked sizes
}

func (s *sisPackage) file(n int64) {
	f := s.f
	f.skip(8) // its type and how it is shown
	source, target := s.text(), s.text()
	r := sisFiles{names: []string{target, source}, n: n, at: f.off}
	f.skip(8 * n)
	if s.sized {
		f.skip(4*n + 8)
	}
	s.then(s.instance(r, 0), s.record)
}

// text reads the length and the place of a name, and the name.
func (s *sisPackage) text() string {
	f := s.f
	n, at := int64(f.u32()), int64(f.u32())
	next := f.off
	f.off = at
	b := f.some(n, 2*s.maxName)
	f.off = next
	if s.flags&sisUnicode != 0 {
		return decodeUTF16(b)
	}
	return decodeANSI(b, codePage(0))
}

// instance yields the i-th file of a record.
func (s *sisPackage) instance(r sisFiles, i int64) step {
	return func() error {
		if i == r.n {
			return s.f.err
		}
		s.then(s.instance(r, i+1))
		f := s.f
		next := f.off
		defer func() { f.off = next }()
		field := func(row int64) int64 {
			f.off = r.at + 4*(row*r.n+i)
			return int64(f.u32())
		}
		n, at := field(0), field(1)
		m := &Member{Method: "stored", Size: n}
		for _, name := range r.names {
			if name != "" {
				m.addName(name, s.maxName)
			}
		}
		if s.sized {
			m.Size = field(2)
		}
		f.off = at
		if at > f.size || n > f.left() {
			m.note(AnomalyTruncated)
		}
		s.yield(m, s.body(m, at, n))
		return nil
	}
}

// body is a zlib stream unless the package says otherwise, or begins otherwise.
func (s *sisPackage) body(m *Member, at, n int64) io.Reader {
	s.f.off = min(at, s.f.size)
	var head [2]byte
	_, err := io.ReadFull(s.f.rest(n), head[:])
	if !s.sized || s.flags&sisStored != 0 || err != nil || !zlibHeader(head[:]) {
		return s.f.rest(n)
	}
	m.Method = "deflate"
	return &zlibBody{src: s.f.rest(n), want: m.Size}
}
