package sis

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// Packages from Symbian 9 on: fields with a type and a length, within each other
// ("Symbian OS v9.X SIS File Format Specification", section 4).
const (
	sisxHead       = 16 // bytes before the first field
	sisxString     = 1
	sisxArray      = 2
	sisxCompressed = 3
	sisxContents   = 12
	sisxController = 13
	sisxFileInfo   = 24
	sisxIf         = 26
	sisxElseIf     = 27
	sisxBlock      = 28
	sisxData       = 30
	sisxUnit       = 31
	sisxFile       = 32
)

// Bounds of what is parsed.
const (
	sisxDepth     = 16      // fields within each other; some ten are usual
	sisxMaxHeader = 1 << 20 // bytes of the packed description
	sisxFileTail  = 28      // of a description: operation, its options, two sizes, the number
)

// sisxFields goes through fields one after the other, into those that enter names.
type sisxFields struct {
	f      *input.Fields
	scopes []sisxScope
	enter  func(kind uint32) bool
	cut    bool // a field goes beyond the one that it lies in
}

// sisxScope is a field that is gone through. The elements of an array have a length
// only.
type sisxScope struct {
	end     int64
	element uint32 // type of all fields in it, 0 if each has its own
}

// sisxField is one field.
type sisxField struct {
	kind   uint32
	off, n int64
}

func newSISXFields(f *input.Fields, from int64, enter func(uint32) bool) *sisxFields {
	f.Off = from
	return &sisxFields{f: f, scopes: []sisxScope{{end: f.Size}}, enter: enter}
}

// next returns the next field that is not entered, false at the end.
func (x *sisxFields) next() (sisxField, bool) {
	for len(x.scopes) > 0 && x.f.Err == nil {
		top := x.scopes[len(x.scopes)-1]
		if x.f.Off = (x.f.Off + 3) &^ 3; top.end-x.f.Off < 4 {
			x.f.Off = top.end
			x.scopes = x.scopes[:len(x.scopes)-1]
			continue
		}
		g := sisxField{kind: top.element}
		if g.kind == 0 {
			g.kind = x.f.U32()
		}
		n := int64(x.f.U32())
		if n>>31 != 0 {
			n = n&(1<<31-1) | int64(x.f.U32())<<31
		}
		g.off, g.n = x.f.Off, min(n, max(0, top.end-x.f.Off))
		x.cut = x.cut || g.n < n || x.f.Short
		if !x.enter(g.kind) || len(x.scopes) == sisxDepth {
			x.f.Off = g.off + g.n
			return g, true
		}
		scope := sisxScope{end: g.off + g.n}
		if g.kind == sisxArray {
			scope.element = x.f.U32()
		}
		x.scopes = append(x.scopes, scope)
	}
	return sisxField{}, false
}

// sisxPackage walks a package: its description, then its files.
type sisxPackage struct {
	level.Steps
	f       *input.Fields
	x       *sisxFields
	maxName int
	names   map[uint32]string // by number
	files   uint32            // seen so far
}

func openSISX(f *input.Fields, l level.Limits) *sisxPackage {
	s := &sisxPackage{f: f, maxName: l.NameBytes}
	s.x = newSISXFields(f, sisxHead, func(kind uint32) bool {
		return kind == sisxContents || kind == sisxData || kind == sisxUnit || kind == sisxFile || kind == sisxArray
	})
	s.Then(s.field)
	return s
}

// field yields what the next packed field holds.
func (s *sisxPackage) field() error {
	for {
		g, ok := s.x.next()
		switch {
		case s.f.Err != nil:
			return s.f.Err
		case !ok && s.x.cut:
			s.Note(anomaly.Truncated)
			return fmt.Errorf("fields: %w", level.ErrMalformed)
		case !ok:
			return nil
		case g.kind == sisxCompressed:
			next := s.f.Off
			s.compressed(g)
			s.f.Off = next
			s.Then(s.field)
			return nil
		}
	}
}

// compressed yields a member: the description, which comes first, or a file.
func (s *sisxPackage) compressed(g sisxField) {
	s.f.Off = g.off
	algorithm := s.f.U32()
	m := &level.Member{Method: "stored", Size: int64(min(s.f.U64(), 1<<62))}
	n := max(0, g.n-12)
	open := func() io.Reader {
		s.f.Off = g.off + 12
		return s.f.Rest(n)
	}
	body := open
	switch algorithm {
	case 0:
	case 1:
		m.Method = "deflate"
		body = func() io.Reader { return &input.Zlib{Src: open(), Want: -1} }
	default:
		m.Err = fmt.Errorf("algorithm %d: %w", algorithm, level.ErrUnsupported)
	}
	if s.names == nil {
		b, _ := io.ReadAll(io.LimitReader(body(), sisxMaxHeader)) // an error comes again
		s.names = sisxNames(b, s.maxName)
		level.AddName(m, "controller", s.maxName)
	} else {
		name := s.names[s.files]
		if name == "" {
			name = strconv.Itoa(int(s.files))
		}
		level.AddName(m, name, s.maxName)
		s.files++
	}
	if m.Err != nil {
		s.Yield(m, nil)
		return
	}
	s.Yield(m, body())
}

// sisxNames returns the names of a package's own files by their numbers. Those of
// packages in it, which count anew, are left out.
func sisxNames(b []byte, maxName int) map[uint32]string {
	names := map[uint32]string{}
	outer := false // the controller itself was entered
	x := newSISXFields(input.NewFields(bytes.NewReader(b), int64(len(b))), 0, nil)
	x.enter = func(kind uint32) bool {
		if kind == sisxController && !outer {
			outer = true
			return true
		}
		return kind == sisxBlock || kind == sisxArray || kind == sisxIf || kind == sisxElseIf
	}
	for {
		g, ok := x.next()
		if !ok {
			return names
		}
		if g.kind != sisxFileInfo || g.n < sisxFileTail {
			continue
		}
		number := binary.LittleEndian.Uint32(b[g.off+g.n-4:])
		target := newSISXFields(input.NewFields(bytes.NewReader(b[g.off:g.off+g.n]), g.n), 0, func(uint32) bool { return false })
		if t, ok := target.next(); ok && t.kind == sisxString && names[number] == "" {
			raw := b[g.off+t.off:][:t.n]
			names[number] = text.DecodeUTF16(raw[:min(len(raw), 2*maxName)])
		}
	}
}
