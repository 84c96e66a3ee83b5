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
	// Temp is a folder for a temporary file. If it is set, the rows of what was read
	// take 32 MiB in memory whatever there are, names apart, and WriteFile is the
	// only end: this is for sets of tens of millions.
	Temp string

	// Ignored are names that lines read from now on must not bear. Lists of such
	// names (.ign2, .ign) that are read are added.
	Ignored Ignored

	gathered [kinds]gathered
	labels   labels
	warnings []Warning
	inMemory int // bytes of rows
	spilled  spillFile
	failed   error // of the temporary file
}

// Load reads the lists at paths: files whatever they are called, and of folders
// every file with one of the endings that the package's documentation lists, and
// *.csv, *.txt, *.list, *.md5, *.sha1, *.sha256 and *.hashes, subfolders too. Lists
// of ignored names are read before all others. A path that can't be read is an
// error; names that begin with a dot are passed over in folders.
func (b *Builder) Load(paths ...string) error {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("hashset: %w", err)
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		found, err := folder(p)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			b.warnings = append(b.warnings, Warning{File: p, Text: "no lists of digests in this folder"})
		}
		files = append(files, found...)
	}
	for _, ignored := range []bool{true, false} {
		for _, p := range files {
			if (lists[extension(p)].of == ignoredNames) != ignored {
				continue
			}
			if err := b.file(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// folder returns the lists in a folder.
func folder(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("hashset: %w", err)
		case p != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || lists[extension(p)].of == nothing:
			return nil
		}
		files = append(files, p)
		return nil
	})
	return files, err
}

func extension(path string) string { return strings.ToLower(filepath.Ext(path)) }

func (b *Builder) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("hashset: %w", err)
	}
	defer f.Close()
	return b.Read(f, path)
}

// maxLine bounds a line, in bytes. Real ones have a few hundred.
const maxLine = 64 << 10

// maxSource bounds a list's name in findings, in bytes.
const maxSource = 4096

// Read reads one list. name is for warnings and findings; its ending tells lists of
// harmless, of unwanted and of ignored things from others, and its last element
// without that names digests that have no name. Errors are those of r, and of the
// folder Temp.
func (b *Builder) Read(r io.Reader, name string) error {
	form := lists[extension(name)]
	switch form.of {
	case ignoredNames:
		w, err := b.Ignored.Read(r, name)
		b.warnings = append(b.warnings, w...)
		return err
	case importTables:
		b.warnings = append(b.warnings, Warning{File: name, Text: "left out: digests of import tables, which are databases of ClamAV to be given as such"})
		return nil
	}
	l := &list{b: b, class: max(form.class, classMalicious), warnings: warnings{file: name}}
	base := filepath.Base(filepath.ToSlash(name))
	l.label = strings.TrimSuffix(base, filepath.Ext(base))
	l.source = b.labels.intern(classNone, 0, name[:min(len(name), maxSource)])
	defer func() { b.warnings = append(b.warnings, l.warnings.all()...) }()
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
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
			if bytes.HasPrefix(line, []byte(magic)) {
				l.warnings.add(0, "left out: a file for Open, not a list")
				return nil
			}
		}
		l.read(n, string(bytes.TrimSpace(line)))
		if b.failed != nil {
			return b.failed
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hashset: %s: %w", name, err)
		}
	}
}

// add keeps one row.
func (b *Builder) add(k kind, digest []byte, size int64, label uint32) {
	b.gathered[k].add(digest, size, label)
	b.inMemory += len(digest) + extraBytes
	if b.Temp != "" && b.inMemory > spillBytes && b.failed == nil {
		b.failed = b.spill()
	}
}

// Warnings returns what was left out so far, list by list.
func (b *Builder) Warnings() []Warning { return b.warnings }

// Build returns the set of all that was read. The Builder must not be used again.
// It panics if Temp is set: such a set does not belong in memory.
func (b *Builder) Build() *Set {
	if b.Temp != "" {
		panic("hashset: Build of a Builder with Temp")
	}
	s := new(Set)
	if len(b.labels.all) > 0 {
		var image memory
		err := b.write(&image)
		var l *layout
		if err == nil {
			l, err = decode(image[:headerSize], int64(len(image)))
		}
		if err != nil { // more than fits a file, or a mistake of this package
			panic("hashset: " + err.Error())
		}
		s.use(bytes.Clone(image), l)
	}
	b.discard()
	return s
}
