package sis

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/zlib"
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
	unicode = 1
	stored  = 8
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
	second := binary.LittleEndian.Uint32(head[4:])
	return binary.LittleEndian.Uint32(head[8:]) == sisID && (second == sisRelease5 || second == sisRelease6)
}

func isSISX(head []byte) bool {
	return len(head) >= sisxHead+8 && binary.LittleEndian.Uint32(head) == sisxID && binary.LittleEndian.Uint32(head[sisxHead:]) == sisxContents
}

// Format is how a package of Symbian is found and opened.
var Format = &level.Format{Name: "sis", Detect: detect, Open: open}

func detect(p *level.Probe) bool { return isSIS(p.Head) || isSISX(p.Head) }

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	f := input.NewFields(src, size)
	head := bytes.Clone(f.Next(int(min(size, sisHeadBytes))))
	switch {
	case f.Err != nil:
		return nil, f.Err
	case isSISX(head):
		return openSISX(f, l), nil
	case !isSIS(head):
		return nil, level.ErrFormat
	}
	s := &sisPackage{
		f: f, maxName: l.NameBytes, texts: maxTexts,
		languages: int64(binary.LittleEndian.Uint16(head[18:])), records: int(binary.LittleEndian.Uint16(head[20:])), flags: binary.LittleEndian.Uint16(head[36:]),
		sized: binary.LittleEndian.Uint32(head[4:]) == sisRelease6,
	}
	f.Off = int64(binary.LittleEndian.Uint32(head[52:]))
	s.Then(s.record)
	return s, nil
}

// sisPackage walks the records of a package.
type sisPackage struct {
	level.Steps
	f         *input.Fields
	maxName   int
	languages int64
	records   int // that are still to come
	flags     uint16
	texts     int  // bytes of names that may still be decoded
	sized     bool // files tell their unpacked size, and may be packed
}

// record reads the next record.
func (s *sisPackage) record() error {
	f := s.f
	if s.records--; s.records < 0 || f.Err != nil {
		return f.Err
	}
	switch kind := f.U32(); {
	case f.Short:
		s.Note(anomaly.Truncated)
		return fmt.Errorf("record: %w", level.ErrMalformed)
	case s.texts < 0:
		return fmt.Errorf("names: %w", level.ErrLimit)
	case kind == sisFile:
		s.file(1)
	case kind == sisLanguages:
		s.file(s.languages)
	case kind == sisOptions:
		f.Skip(int64(f.U32())*8*s.languages + 16)
		s.Then(s.record)
	case kind == sisIf || kind == sisElseIf:
		f.Skip(int64(f.U32()))
		s.Then(s.record)
	case kind <= sisEndIf: // "else" and "end if" are no more than that
		s.Then(s.record)
	default:
		return fmt.Errorf("record of type %d: %w", kind, level.ErrMalformed)
	}
	return nil
}

// files is a record of n files with one name.
type files struct {
	names []string
	n     int64
	at    int64 // offset of the n lengths, then the n places, then the n unpacked sizes
}

func (s *sisPackage) file(n int64) {
	f := s.f
	f.Skip(8) // its type and how it is shown
	source, target := s.text(), s.text()
	r := files{names: []string{target, source}, n: n, at: f.Off}
	f.Skip(8 * n)
	if s.sized {
		f.Skip(4*n + 8)
	}
	s.Then(s.instance(r, 0), s.record)
}

// maxTexts bounds the names of a package, in bytes: all of them can be the same.
const maxTexts = 32 << 20

// text reads the length and the place of a name, and the name.
func (s *sisPackage) text() string {
	f := s.f
	n, at := int64(f.U32()), int64(f.U32())
	next := f.Off
	f.Off = at
	b := f.Some(n, 2*s.maxName)
	f.Off = next
	if s.texts -= len(b); s.texts < 0 {
		return ""
	}
	if s.flags&unicode != 0 {
		return text.DecodeUTF16(b)
	}
	return text.DecodeANSI(b, text.CodePage(0))
}

// instance yields the i-th file of a record.
func (s *sisPackage) instance(r files, i int64) level.Step {
	return func() error {
		if i == r.n {
			return s.f.Err
		}
		s.Then(s.instance(r, i+1))
		f := s.f
		next := f.Off
		defer func() { f.Off = next }()
		field := func(row int64) int64 {
			f.Off = r.at + 4*(row*r.n+i)
			return int64(f.U32())
		}
		n, at := field(0), field(1)
		m := &level.Member{Method: "stored", Size: n}
		for _, name := range r.names {
			if name != "" {
				level.AddName(m, name, s.maxName)
			}
		}
		if s.sized {
			m.Size = field(2)
		}
		f.Off = at
		if at > f.Size || n > f.Left() {
			level.Note(m, anomaly.Truncated)
		}
		s.Yield(m, s.body(m, at, n))
		return nil
	}
}

// body is a zlib stream unless the package says otherwise, or begins otherwise.
func (s *sisPackage) body(m *level.Member, at, n int64) io.Reader {
	s.f.Off = min(at, s.f.Size)
	var head [2]byte
	_, err := io.ReadFull(s.f.Rest(n), head[:])
	if !s.sized || s.flags&stored != 0 || err != nil || !zlib.Header(head[:]) {
		return s.f.Rest(n)
	}
	m.Method = "deflate"
	return &input.Zlib{Src: s.f.Rest(n), Want: m.Size}
}
