//go:build cgo

package yara

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	goyara "github.com/hillu/go-yara/v4"
)

// cache is a folder of compiled rules. libyara trusts what it loads: a file that
// is not as it was written ends the process. So the folder and its files must be
// of the process's own user and closed to others, and the digest that stands in
// front of a file is checked before libyara sees the rest.
type cache struct {
	root *os.Root
	name string // of the entry for these rules
}

// entry is the head of a file in the cache, by package gob; after it come the parts.
type entry struct {
	Warnings []Warning  // of the compilation
	Units    []keptUnit // in order, as they were compiled
	Gates    [2][]gateName
	Parts    [4]int64 // bytes: plain and deep of all rules, and of those by name; 0 where there is none
}

type keptUnit struct {
	Namespace string
	Rules     []string
}

type gateName struct{ Namespace, Name string }

const (
	cacheMagic   = "fivefifty yara 1\n" // changes with everything that changes how rules are compiled
	cacheSuffix  = ".compiled"
	cacheEntries = 8       // kept, the newest
	maxEntryHead = 1 << 28 // bytes
)

// openCache opens the folder for the rules of units.
func openCache(dir string, units []*unit) (*cache, error) {
	key, err := cacheKey(units)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil && !private(info) {
		err = errors.New("folder is open to others (must be mode 0700 and the process's own)")
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return &cache{root: root, name: key + cacheSuffix}, nil
}

func (c *cache) close() { c.root.Close() }

// cacheKey is a digest of all that the compiled rules depend on.
func cacheKey(units []*unit) (string, error) {
	h := sha256.New()
	addTexts(h, cacheMagic)
	if err := addLibrary(h); err != nil {
		return "", err
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, m := range build.Deps {
			if strings.Contains(m.Path, "go-yara") {
				addTexts(h, m.Path, m.Version, m.Sum)
			}
		}
	}
	addUnits(h, units)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// addLibrary adds libyara itself to the digest: the shared library that this
// process runs, or the program where libyara is part of it.
func addLibrary(h hash.Hash) error {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("cannot tell which libyara this is: %w", err)
	}
	name, err := os.Executable()
	if err != nil {
		return err
	}
	for line := range bytes.Lines(maps) {
		// The sixth field is the path, to the end of the line.
		if i := bytes.IndexByte(line, '/'); i >= 0 && bytes.Contains(line[i:], []byte("/libyara.")) {
			name = strings.TrimSpace(string(line[i:]))
			break
		}
	}
	f, err := os.Open(name) // fails on "… (deleted)": the library was replaced under way
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(h, f)
	return err
}

// load returns the compiled rules of units, without what was lost at the
// compilation, and the warnings of that.
func (c *cache) load(units []*unit) (*build, []Warning, error) {
	f, err := c.root.Open(c.name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	size, err := checkEntry(f)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	_ = c.root.Chtimes(c.name, now, now) // it is in use
	r := bufio.NewReaderSize(io.NewSectionReader(f, cacheOverhead, size), 1<<20)
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, nil, err
	}
	head := int64(binary.BigEndian.Uint32(length[:]))
	var e entry
	if err := gob.NewDecoder(io.LimitReader(r, head)).Decode(&e); err != nil {
		return nil, nil, err
	}
	if len(e.Units) > len(units) {
		return nil, nil, errors.New("file is of other rules")
	}
	b := &build{units: e.keep(units)}
	b.all, b.named, err = e.read(f, cacheOverhead+int64(len(length))+head)
	return b, e.Warnings, err
}

// cacheOverhead is the length of the magic and the digest.
const cacheOverhead = int64(len(cacheMagic) + sha256.Size)

// checkEntry checks a file of the cache against its digest and returns how many
// bytes come after that.
func checkEntry(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() || !private(info) {
		return 0, errors.New("file is open to others")
	}
	head := make([]byte, cacheOverhead)
	if _, err := io.ReadFull(f, head); err != nil {
		return 0, err
	}
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return 0, err
	}
	if string(head[:len(cacheMagic)]) != cacheMagic || !bytes.Equal(head[len(cacheMagic):], h.Sum(nil)) {
		return 0, errors.New("file is damaged")
	}
	return size, nil
}

// keep returns units as they were compiled.
func (e *entry) keep(units []*unit) []*unit {
	var kept []*unit
	for i, k := range e.Units {
		names := map[string]bool{}
		for _, n := range k.Rules {
			names[n] = true
		}
		u := *units[i]
		u.rules = slices.DeleteFunc(slices.Clone(u.rules), func(r rule) bool {
			sound := names[r.name] && r.fault == ""
			return !sound
		})
		kept = append(kept, &u)
	}
	return kept
}

// read has libyara load the parts, which begin at an offset of f.
func (e *entry) read(f io.ReaderAt, offset int64) (all, named *set, err error) {
	sets := [2]*set{{gates: map[ruleKey]bool{}}, {gates: map[ruleKey]bool{}}}
	defer func() {
		if err != nil {
			sets[0].destroy()
			sets[1].destroy()
		}
	}()
	for i, size := range e.Parts {
		if size == 0 {
			continue
		}
		var rules *goyara.Rules
		if rules, err = goyara.ReadRules(bufio.NewReaderSize(io.NewSectionReader(f, offset, size), 1<<20)); err != nil {
			return nil, nil, fmt.Errorf("libyara: %w", err)
		}
		offset += size
		*sets[i/2].part(i % 2) = rules
		if err = probe(rules); err != nil {
			return nil, nil, err
		}
	}
	for i, list := range e.Gates {
		for _, g := range list {
			sets[i].gates[ruleKey{g.Namespace, g.Name}] = true
		}
	}
	if sets[0].plain == nil {
		return nil, nil, errors.New("no rules")
	}
	if sets[1].plain == nil {
		return sets[0], nil, nil
	}
	return sets[0], sets[1], nil
}

func (s *set) part(i int) **goyara.Rules {
	if i == 0 {
		return &s.plain
	}
	return &s.deep
}

// store writes the entry and removes old ones.
func (c *cache) store(b *build, warnings []Warning) error {
	e := entry{Warnings: warnings}
	for _, u := range b.units {
		k := keptUnit{Namespace: u.namespace}
		for _, r := range u.rules {
			k.Rules = append(k.Rules, r.name)
		}
		e.Units = append(e.Units, k)
	}
	var body bytes.Buffer
	for i, s := range []*set{b.all, b.named} {
		if s == nil {
			continue
		}
		for key := range s.gates {
			e.Gates[i] = append(e.Gates[i], gateName{key.namespace, key.name})
		}
		for p := range 2 {
			rules := *s.part(p)
			if rules == nil {
				continue
			}
			before := body.Len()
			if err := rules.Write(&body); err != nil {
				return fmt.Errorf("libyara: %w", err)
			}
			e.Parts[2*i+p] = int64(body.Len() - before)
		}
	}
	var head bytes.Buffer
	if err := gob.NewEncoder(&head).Encode(e); err != nil {
		return err
	}
	if head.Len() > maxEntryHead {
		return errors.New("too many rules")
	}
	return c.write(binary.BigEndian.AppendUint32(nil, uint32(head.Len())), head.Bytes(), body.Bytes())
}

// write makes the file under another name first, so that nobody reads half of it.
func (c *cache) write(parts ...[]byte) (err error) {
	draft := fmt.Sprintf("%s.%d.%d", c.name, os.Getpid(), time.Now().UnixNano())
	f, err := c.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = c.root.Rename(draft, c.name)
		}
		if err != nil {
			_ = c.root.Remove(draft)
		}
	}()
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	for _, p := range append([][]byte{[]byte(cacheMagic), h.Sum(nil)}, parts...) {
		if _, err := f.Write(p); err != nil {
			return err
		}
	}
	c.prune()
	return nil
}

// prune removes all but the newest entries, and drafts that nobody finished.
func (c *cache) prune() {
	entries, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		return
	}
	var files []fs.FileInfo
	for _, d := range entries {
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.Contains(d.Name(), cacheSuffix) || d.Name() == c.name {
			continue
		}
		if strings.HasSuffix(d.Name(), cacheSuffix) || time.Since(info.ModTime()) > time.Hour {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for i, info := range files {
		if i >= cacheEntries-1 || !strings.HasSuffix(info.Name(), cacheSuffix) {
			_ = c.root.Remove(info.Name())
		}
	}
}
