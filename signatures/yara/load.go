package yara

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxFileBytes    = 64 << 20 // of one rule file; the largest public set is a third of that
	maxIncludeDepth = 16       // libyara's own limit
)

// unit is what is compiled into one namespace: a file with those it includes, or
// a Source.
type unit struct {
	namespace string
	imports   []statement
	rules     []rule          // those with a fault too: others may refer to them
	names     map[string]bool // of the sound ones
}

// rule is a rule of a unit.
type rule struct {
	statement
	file string // it stands in, as found
}

// loader reads what Config names.
type loader struct {
	units      []*unit
	namespaces map[string]bool
	warnings   []Warning
}

func (l *loader) warn(file string, line int, rule, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{File: file, Line: line, Rule: rule, Text: fmt.Sprintf(format, args...)})
}

// load returns the units that cfg names, with their sound statements, and what
// was lost on the way.
func load(cfg Config) ([]*unit, []Warning, error) {
	l := &loader{namespaces: map[string]bool{}}
	for _, p := range cfg.Paths {
		if err := l.path(p); err != nil {
			return nil, nil, err
		}
	}
	for _, s := range cfg.Sources {
		name := s.Name
		if name == "" {
			name = "rules"
		}
		namespace := s.Namespace
		if namespace == "" {
			namespace = name
		}
		u := l.unit(namespace)
		for _, st := range l.statements(name, s.Text) {
			if st.kind == kindInclude {
				l.warn(name, st.line, "", "include %q: a text in memory cannot include files", st.name)
				continue
			}
			u.add(l, name, st)
		}
	}
	return l.units, l.warnings, nil
}

// unit begins a namespace. Two files of the same name in two folders of the
// configuration must not share one: the second becomes "name#2".
func (l *loader) unit(namespace string) *unit {
	u := &unit{namespace: namespace, names: map[string]bool{}}
	for n := 2; l.namespaces[u.namespace]; n++ {
		u.namespace = fmt.Sprintf("%s#%d", namespace, n)
	}
	l.namespaces[u.namespace] = true
	l.units = append(l.units, u)
	return u
}

// add takes a statement into the unit, or warns that it is lost.
func (u *unit) add(l *loader, file string, st statement) {
	switch {
	case st.fault != "":
		l.warn(file, st.faultLine, st.name, "%s", st.fault)
	case st.kind == kindImport:
		u.imports = append(u.imports, st)
		return
	case u.names[st.name]:
		l.warn(file, st.line, st.name, "duplicated identifier %q", st.name)
		return
	default:
		u.names[st.name] = true
	}
	if st.kind == kindRule {
		u.rules = append(u.rules, rule{statement: st, file: file})
	}
}

// statements splits a text, without what no rule file has.
func (l *loader) statements(file, text string) []statement {
	text = strings.TrimPrefix(text, "\uFEFF")
	if i := strings.IndexByte(text, 0); i >= 0 {
		// libyara takes C strings: what follows a NUL would be lost unseen.
		l.warn(file, 1+strings.Count(text[:i], "\n"), "", "not a text of rules: byte %d is NUL", i)
		return nil
	}
	return split(text)
}

// path loads a file or a folder of the configuration.
func (l *loader) path(p string) error {
	info, err := os.Stat(p)
	if err != nil {
		return fmt.Errorf("yara: rules: %w", err)
	}
	dir, names := p, []string(nil)
	if !info.IsDir() {
		dir, names = filepath.Dir(p), []string{filepath.Base(p)}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("yara: rules: %w", err)
	}
	defer root.Close()
	f := &folder{loader: l, root: root, dir: dir, split: map[string][]statement{}}
	if info.IsDir() {
		names = f.list()
		if len(names) == 0 {
			l.warn(dir, 0, "", "no rule files in this folder")
		}
	}
	f.load(names)
	return nil
}

// folder is one folder of the configuration. Nothing outside of it is read,
// whatever an include statement or a symbolic link says.
type folder struct {
	*loader
	root  *os.Root
	dir   string
	split map[string][]statement // of each file read, by its slash-separated name
}

// list returns the names of the rule files, in order.
func (f *folder) list() []string {
	var names []string
	err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			f.warn(f.found(name), 0, "", "%v", err)
			return nil
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.IsDir() && isRuleFile(name):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		f.warn(f.dir, 0, "", "%v", err)
	}
	return names
}

func isRuleFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yar", ".yara", ".yr", ".rule", ".rules":
		return true
	}
	return false
}

// found returns the name under which the operator knows a file.
func (f *folder) found(name string) string {
	return filepath.Join(f.dir, filepath.FromSlash(name))
}

// load makes a unit of each file. A file that another one includes comes with
// that one; files that include each other come with the first. An index, which
// has no rules of its own, is passed over if another file includes all that it
// does: collections have several of them for the same files.
func (f *folder) load(names []string) {
	included := map[string]bool{}
	for _, name := range names {
		for _, st := range f.file(name) {
			if to := includes(name, st); to != "" && to != name {
				included[to] = true
			}
		}
	}
	spare := f.spareIndexes(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return included[n] }))
	reached := map[string]bool{}
	for _, onlyRoots := range []bool{true, false} {
		for _, name := range names {
			if reached[name] || spare[name] || onlyRoots && included[name] {
				continue
			}
			t := &inclusion{folder: f, unit: f.unit(name), seen: map[string]bool{}}
			t.take(name, 0)
			for n := range t.seen {
				reached[n] = true
			}
		}
	}
}

// spareIndexes returns those of roots that are indexes of nothing but what
// another root, not spared, includes as well.
func (f *folder) spareIndexes(roots []string) map[string]bool {
	spare := map[string]bool{}
	reach := map[string]map[string]bool{}
	for _, name := range roots {
		reach[name] = f.reach(name)
	}
	for _, name := range roots {
		own := func(st statement) bool { return st.kind != kindInclude }
		if len(reach[name]) == 0 || slices.ContainsFunc(f.file(name), own) {
			continue
		}
		spare[name] = slices.ContainsFunc(roots, func(other string) bool {
			return other != name && !spare[other] && subset(reach[name], reach[other])
		})
	}
	return spare
}

// reach returns the names of the files that the one called name includes,
// directly or not.
func (f *folder) reach(name string) map[string]bool {
	seen := map[string]bool{}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		for _, st := range f.file(queue[0]) {
			to := includes(queue[0], st)
			if to == "" || seen[to] {
				continue
			}
			seen[to] = true
			if !outside(st.name, to) {
				queue = append(queue, to)
			}
		}
	}
	return seen
}

func subset(a, b map[string]bool) bool {
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return true
}

// outside says whether an included file, as it is called in the statement and
// within the folder, is outside of the folder.
func outside(name, to string) bool {
	return path.IsAbs(name) || !filepath.IsLocal(filepath.FromSlash(to))
}

// includes returns the name of the file that st, a statement of the file called
// name, includes; "" for other statements.
func includes(name string, st statement) string {
	if st.kind != kindInclude {
		return ""
	}
	return path.Join(path.Dir(name), st.name)
}

// file returns the statements of a file, read once.
func (f *folder) file(name string) []statement {
	if sts, ok := f.split[name]; ok {
		return sts
	}
	text, err := f.read(name)
	if err != nil {
		f.warn(f.found(name), 0, "", "%v", err)
	}
	sts := f.statements(f.found(name), string(text))
	f.split[name] = sts
	return sts
}

func (f *folder) read(name string) ([]byte, error) {
	file, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("not a regular file"))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxFileBytes)
	}
	return text, err
}

// inclusion is a file with all that it includes, each once: a second time would only
// be a heap of duplicated identifiers.
type inclusion struct {
	*folder
	unit *unit
	seen map[string]bool
}

func (t *inclusion) take(name string, depth int) {
	t.seen[name] = true
	for _, st := range t.file(name) {
		to := includes(name, st)
		switch {
		case to == "":
			t.unit.add(t.loader, t.found(name), st)
		case t.seen[to]:
		case outside(st.name, to):
			t.warn(t.found(name), st.line, "", "include %q: outside of the folder of rules", st.name)
		case depth >= maxIncludeDepth:
			t.warn(t.found(name), st.line, "", "include %q: nested more than %d deep", st.name, maxIncludeDepth)
		default:
			t.take(to, depth+1)
		}
	}
}
