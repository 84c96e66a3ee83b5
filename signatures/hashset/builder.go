package hashset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Builder reads lists of digests. The zero value is ready to use.
type Builder struct {
	tables   [kinds]table
	labels   labels
	warnings []Warning
}

// Load reads the lists at paths: files whatever they are called, and of folders
// every file called *.hdb, *.hdu, *.hsb, *.hsu, *.csv, *.txt, *.list, *.md5,
// *.sha1, *.sha256 or *.hashes, subfolders too. A path that can't be read is an
// error; names that begin with a dot are passed over in folders.
func (b *Builder) Load(paths ...string) error {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("hashset: %w", err)
		}
		if info.IsDir() {
			err = b.folder(p)
		} else {
			err = b.file(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Builder) folder(dir string) error {
	lists := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("hashset: %w", err)
		case p != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !listExtensions[extension(p)] && otherLists[extension(p)] == "":
			return nil
		}
		lists++
		return b.file(p)
	})
	if err == nil && lists == 0 {
		b.warnings = append(b.warnings, Warning{File: dir, Text: "no lists of digests in this folder"})
	}
	return err
}

var listExtensions = map[string]bool{
	".hdb": true, ".hdu": true, ".hsb": true, ".hsu": true, ".csv": true, ".txt": true, ".list": true,
	".md5": true, ".sha1": true, ".sha256": true, ".hashes": true,
}

// otherLists are lists of digests that do not say that a file is malicious.
var otherLists = map[string]string{
	".fp": "a list of harmless files", ".sfp": "a list of harmless files",
	".mdb": "digests of sections, not of files", ".mdu": "digests of sections, not of files",
	".msb": "digests of sections, not of files", ".msu": "digests of sections, not of files",
	".imp": "digests of import tables, not of files",
}

func extension(path string) string { return strings.ToLower(filepath.Ext(path)) }

func (b *Builder) file(path string) error {
	if what := otherLists[extension(path)]; what != "" {
		b.warnings = append(b.warnings, Warning{File: path, Text: "left out: it is " + what})
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("hashset: %w", err)
	}
	defer f.Close()
	return b.Read(f, path)
}

// maxLine bounds a line, in bytes. Real ones have a few hundred.
const maxLine = 64 << 10

// Read reads one list. name is for warnings, and its last element without
// extension for digests that have no name. The only errors are those of r.
func (b *Builder) Read(r io.Reader, name string) error {
	l := &list{b: b, warnings: warnings{file: name}}
	base := filepath.Base(filepath.ToSlash(name))
	l.label = strings.TrimSuffix(base, filepath.Ext(base))
	defer func() { b.warnings = append(b.warnings, l.warnings.all()...) }()
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; !l.foreign; n++ {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			l.warnings.add(n, "longer than %d bytes", maxLine)
			line = nil
			for err == bufio.ErrBufferFull {
				_, err = in.ReadSlice('\n')
			}
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		l.read(n, string(bytes.TrimSpace(line)))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hashset: %s: %w", name, err)
		}
	}
	return nil
}

// Warnings returns what was left out so far, list by list.
func (b *Builder) Warnings() []Warning { return b.warnings }

// Build returns the set of all that was read. The Builder must not be used again.
func (b *Builder) Build() *Set {
	s := &Set{tables: b.tables, labels: b.labels.texts}
	for k := range s.tables {
		s.tables[k].sort(kind(k))
	}
	*b = Builder{}
	return s
}

// labels keeps each text once.
type labels struct {
	texts []string
	index map[string]uint32
}

func (l *labels) intern(text string) uint32 {
	if n, ok := l.index[text]; ok {
		return n
	}
	if l.index == nil {
		l.index = map[string]uint32{}
	}
	n := uint32(len(l.texts))
	text = strings.Clone(text) // not the whole line with it
	l.texts = append(l.texts, text)
	l.index[text] = n
	return n
}
