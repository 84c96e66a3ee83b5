package installshield

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Older setups of InstallShield have, behind their program, files one after the
// other: name, path, version and size as texts with a NUL each, then the bytes. There
// is no specification; the layout is that of setups in the field. What the cabinets
// among them hold is yielded in their place.

// shieldText is the longest of the texts, in bytes.
const shieldText = 512

// fileOf is one of the files.
type fileOf struct {
	name   string
	off, n int64
}

// isSetup says whether head begins with such a file.
func isSetup(head []byte, size int64) bool {
	head = head[:min(len(head), 4*shieldText)]
	if len(head) == 0 || head[0] < ' ' || bytes.IndexByte(head[:min(len(head), shieldText)], 0) < 0 {
		return false // the cheapest of the questions
	}
	f := input.NewFields(bytes.NewReader(head), int64(len(head)))
	_, ok := nextFile(f, size)
	return ok
}

// nextFile reads the texts before a file.
func nextFile(f *input.Fields, size int64) (fileOf, bool) {
	var texts [4]string
	for i := range texts {
		texts[i] = string(f.CString(shieldText, shieldText))
	}
	name, where, version := texts[0], strings.ReplaceAll(texts[1], `\`, "/"), texts[2]
	n, err := strconv.ParseInt(texts[3], 10, 64)
	switch {
	case f.Short || f.Err != nil || name == "" || err != nil || n < 0 || n > size-f.Off:
		return fileOf{}, false
	case !strings.EqualFold(path.Base(where), name) || strings.Trim(version, "0123456789., ") != "" || strings.IndexFunc(name, isControl) >= 0:
		return fileOf{}, false
	}
	return fileOf{where, f.Off, n}, true
}

func isControl(r rune) bool { return r < ' ' }

// openSetup lists the files, then yields them.
func openSetup(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	f := input.NewFields(src, size)
	var files []fileOf
	for len(files) < l.Members && f.Left() > 0 {
		file, ok := nextFile(f, size)
		if !ok {
			break
		}
		files = append(files, file)
		f.Off = file.off + file.n
	}
	if len(files) == 0 {
		return nil, level.ErrFormat
	}
	s := &setup{src: src, size: size, files: files, maxName: l.NameBytes, byName: map[string]fileOf{}}
	for _, file := range files {
		if name := strings.ToLower(path.Base(file.name)); s.byName[name].name == "" {
			s.byName[name] = file
		}
	}
	s.Then(s.cabinets, s.file)
	return s, f.Err
}

// setup walks the files of a setup.
type setup struct {
	level.Steps
	src     io.ReaderAt
	size    int64
	files   []fileOf // still to come
	byName  map[string]fileOf
	maxName int
	read    bool // a cabinet's list was found, and the cabinets need not be shown
}

// volume returns a file by its name, without regard to case, nil if there is none.
func (s *setup) volume(name string) *io.SectionReader {
	f, ok := s.byName[strings.ToLower(name)]
	if !ok {
		return nil
	}
	return io.NewSectionReader(s.src, f.off, f.n)
}

func (s *setup) isCabinet(f fileOf) bool {
	var h [cabHead]byte
	n, _ := s.src.ReadAt(h[:min(f.n, cabHead)], f.off)
	return isCab(h[:n])
}

// cabinets yields what lists of cabinets name.
func (s *setup) cabinets() error {
	for _, f := range s.files {
		if !s.isCabinet(f) {
			continue
		}
		stem := strings.TrimRight(strings.TrimSuffix(path.Base(f.name), path.Ext(f.name)), "0123456789")
		volume := func(n int) *io.SectionReader { return s.volume(stem + strconv.Itoa(n) + ".cab") }
		c := newCab(&s.Steps, io.NewSectionReader(s.src, f.off, f.n), volume, s.maxName)
		if c != nil {
			s.read = true
			s.Then(c.entry)
			return nil
		}
	}
	return nil
}

// file yields the next file.
func (s *setup) file() error {
	for len(s.files) > 0 {
		f := s.files[0]
		s.files = s.files[1:]
		if s.read && s.isCabinet(f) {
			continue
		}
		m := &level.Member{Method: "stored", Size: f.n}
		level.AddName(m, f.name, s.maxName)
		s.Yield(m, io.NewSectionReader(s.src, f.off, f.n))
		s.Then(s.file)
		return nil
	}
	return nil
}
