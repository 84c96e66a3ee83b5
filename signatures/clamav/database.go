package clamav

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Database is what databases of ClamAV come to.
type Database struct {
	Rules     []Source // the body signatures, as YARA rules
	Members   *Engine  // the signatures of members of containers; nil if there is none
	Passwords []string // to try on archives, for scanner.Config.Passwords
	Warnings  []Warning
	Stats     Stats
}

// Source is a text of YARA rules, a rule a line: the line of the signature in the
// file that it was made of. It is a yara.Source.
type Source struct {
	Name      string // of the file, "main.cvd/main.ndb"
	Namespace string // Name's last element
	Text      string
}

// Stats counts signatures.
type Stats struct {
	Body, Logical, Members, Passwords int // loaded
	Lost                              int // left out, each with its reason in a warning
	Ignored                           int // by .ign and .ign2
	Other                             int // for other versions of the engine
}

// functionalityLevel is ClamAV's number for what its version 1.4 can do.
const functionalityLevel = 216

// Config is what Load reads.
type Config struct {
	// Paths are files, and folders of which all files with extensions of ClamAV's
	// databases are taken, in name order, subfolders too.
	Paths []string

	// Hashes gets every file of digests, to be read by package hashset: name is
	// its path, or "container/file", with ClamAV's extension. Before them it gets
	// the lists of signatures to ignore. nil leaves them out with a warning.
	Hashes func(r io.Reader, name string) error
}

// kind says how a file is read.
type kind uint8

const (
	container kind = iota + 1
	hashes
	imports
	plain
	body
	logical
	members
	passwords
	ignored
	unused // known, but without a use here
)

// kinds are the files that Load knows, by their extensions.
var kinds = map[string]kind{
	".cvd": container, ".cld": container, ".cud": container,
	".hdb": hashes, ".hdu": hashes, ".hsb": hashes, ".hsu": hashes, ".mdb": hashes, ".mdu": hashes, ".msb": hashes,
	".msu": hashes, ".imp": imports, ".fp": hashes, ".sfp": hashes,
	".ndb": body, ".ndu": body, ".db": plain, ".ldb": logical, ".ldu": logical, ".cdb": members, ".pwdb": passwords,
	".ign": ignored, ".ign2": ignored,
	".cbc": unused, ".idb": unused, ".cat": unused, ".crb": unused, ".pdb": unused, ".gdb": unused, ".wdb": unused,
	".ftm": unused, ".sdb": unused, ".zmd": unused, ".rmd": unused, ".cfg": unused, ".ioc": unused, ".yar": unused, ".yara": unused,
}

// unusedReasons say why files of a kind are of no use here.
var unusedReasons = map[string]string{
	".cbc": "bytecode, which only ClamAV runs", ".idb": "icons of programs", ".cat": "trusted signers", ".crb": "trusted and revoked signers",
	".pdb": "addresses of phishing", ".gdb": "addresses of phishing", ".wdb": "addresses of phishing", ".ftm": "types of files",
	".cfg": "settings of ClamAV", ".yar": "YARA rules: give them as such", ".yara": "YARA rules: give them as such",
}

var trusts = map[string]trust{".cvd": signed, ".cld": local, ".cud": unsigned}

// Load reads databases. What cannot be used is a Warning; a path that can't be
// read and a container that is broken or whose digest or signature is wrong are
// errors.
func Load(cfg Config) (*Database, error) { return load(cfg, clamKeys()) }

func load(cfg Config, keys *keyring) (*Database, error) {
	l := &loader{cfg: cfg, keys: keys, db: &Database{}, rules: &rules{}, ignore: map[string][]string{}}
	// What is to be ignored is known before anything that it concerns is read.
	for _, l.names = range []bool{true, false} {
		for _, p := range cfg.Paths {
			if err := l.path(p); err != nil {
				return nil, fmt.Errorf("clamav: %w", err)
			}
		}
	}
	l.finish()
	return l.db, nil
}

// loader reads files one after the other.
type loader struct {
	cfg    Config
	keys   *keyring
	db     *Database
	rules  *rules
	meta   []*memberSignature
	names  bool                // only the names of signatures to ignore are read
	ignore map[string][]string // by name, the MD5 of the signatures that are meant; "" is all
}

func (l *loader) warn(file, format string, args ...any) {
	if l.names && kinds[extension(file)] != ignored {
		return // it comes again
	}
	l.db.Warnings = append(l.db.Warnings, Warning{File: file, Text: fmt.Sprintf(format, args...)})
}

func (l *loader) path(p string) error {
	info, err := os.Stat(p)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return l.file(p)
	}
	found := false
	err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != p && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || kinds[extension(path)] == 0:
			return nil
		}
		found = true
		return l.file(path)
	})
	if err == nil && !found {
		l.warn(p, "no databases of ClamAV in this folder")
	}
	return err
}

func (l *loader) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if kinds[extension(path)] != container {
		return l.read(f, path)
	}
	h, err := openContainer(f, trusts[extension(path)], l.keys, func(name string, r io.Reader) error {
		return l.read(r, path+"/"+name)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if h.Level > functionalityLevel {
		l.warn(path, "made for functionality level %d; %d is known here", h.Level, functionalityLevel)
	}
	return nil
}

// read reads one file that is no container.
func (l *loader) read(r io.Reader, name string) error {
	ext := extension(name)
	if (kinds[ext] == ignored) != l.names {
		return nil
	}
	switch kinds[ext] {
	case hashes:
		return l.hashes(r, name)
	case imports:
		return l.lines(r, name, l.imports)
	case plain:
		return l.lines(r, name, l.plain)
	case body:
		return l.lines(r, name, l.body)
	case logical:
		return l.lines(r, name, l.logical)
	case members:
		return l.lines(r, name, l.member)
	case passwords:
		return l.lines(r, name, l.password)
	case ignored:
		return l.namesOf(r, name)
	case unused:
		reason := unusedReasons[ext]
		if reason == "" {
			reason = "an old format"
		}
		l.warn(name, "left out: %s", reason)
	case container:
		return errors.New("a container within a container")
	default:
		if ext != ".info" && !strings.EqualFold(filepath.Base(name), "COPYING") {
			l.warn(name, "left out: not a database of ClamAV that is known here")
		}
	}
	return nil
}

// maxNames bounds a list of signatures to ignore, in bytes.
const maxNames = 16 << 20

// namesOf reads a list of signatures to ignore, and hands it on to the reader of
// digests.
func (l *loader) namesOf(r io.Reader, name string) error {
	var text bytes.Buffer
	if err := l.lines(io.TeeReader(io.LimitReader(r, maxNames), &text), name, l.ignored); err != nil {
		return err
	}
	if n, _ := io.CopyN(io.Discard, r, 1); n > 0 {
		l.warn(name, "left out behind %d bytes", maxNames)
	}
	if l.cfg.Hashes == nil {
		return nil
	}
	return l.cfg.Hashes(&text, name)
}

func (l *loader) hashes(r io.Reader, name string) error {
	if l.cfg.Hashes == nil {
		l.warn(name, "left out: digests are not loaded")
		return nil
	}
	return l.cfg.Hashes(r, name)
}

// maxLine bounds a signature, in bytes. Real ones have up to some ten thousand.
const maxLine = 256 << 10

// fault says why a signature is left out. "" is for one that was loaded.
type fault string

// Faults that are not counted as lost.
const (
	otherVersion fault = "for another version of the engine"
)

// line is one signature that is being read.
type line struct {
	source *source
	number int // from 1
	text   string
}

// lines calls read with every line that is neither empty nor a comment.
func (l *loader) lines(r io.Reader, name string, read func(line) (string, fault)) error {
	lost := losses{file: name}
	src := l.rules.source(name)
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		b, err := in.ReadSlice('\n')
		long := err == bufio.ErrBufferFull
		for err == bufio.ErrBufferFull {
			_, err = in.ReadSlice('\n')
		}
		text := string(bytes.TrimRight(b, "\r\n"))
		switch {
		case long:
			lost.add(n, "", fmt.Sprintf("longer than %d bytes", maxLine))
			l.db.Stats.Lost++
		case strings.TrimSpace(text) == "" || text[0] == '#':
		default:
			name, f := read(line{src, n, text})
			switch f {
			case "":
			case otherVersion:
				l.db.Stats.Other++
			default:
				l.db.Stats.Lost++
				lost.add(n, name, string(f))
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	l.db.Warnings = append(l.db.Warnings, lost.all()...)
	return nil
}

// levels says whether a signature is for this functionality level; least and most
// may be missing.
func levels(bounds []string) (bool, fault) {
	for i, text := range bounds {
		if text == "" {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 32)
		switch {
		case i > 1 || err != nil:
			return false, "fields behind the last, or a functionality level that is no number"
		case i == 0 && n > functionalityLevel, i == 1 && n < functionalityLevel:
			return false, otherVersion
		}
	}
	return true, ""
}

// ignored reads a line of .ign ("file:line:name") and .ign2 ("name" or
// "name:MD5 of the signature").
func (l *loader) ignored(ln line) (string, fault) {
	name, digest, _ := strings.Cut(ln.text, ":")
	if f := strings.Split(ln.text, ":"); len(f) == 3 {
		name, digest = f[2], ""
	}
	if digest != "" {
		if b, err := hex.DecodeString(digest); err != nil || len(b) != md5.Size {
			return name, "not a name, and not a name with an MD5"
		}
	}
	name = strings.TrimSuffix(name, ".UNOFFICIAL")
	l.ignore[name] = append(l.ignore[name], strings.ToLower(digest))
	return name, ""
}

// ignores says whether the signature called name, whose line has that digest, is
// in a list of signatures to ignore.
func (l *loader) ignores(name string, digest [md5.Size]byte) bool {
	list := l.ignore[name]
	if slices.Contains(list, "") || slices.Contains(list, hex.EncodeToString(digest[:])) {
		l.db.Stats.Ignored++
		return true
	}
	return false
}

// password reads a line of .pwdb, "name;target;storage;password": storage 0 is the
// text itself, 1 its hexadecimal digits.
func (l *loader) password(ln line) (string, fault) {
	f := strings.SplitN(ln.text, ";", 4)
	if len(f) != 4 || f[0] == "" || f[3] == "" {
		return f[0], "not the four fields of a password"
	}
	if _, fault := engineLevels(f[1]); fault != "" {
		return f[0], fault
	}
	word := f[3]
	switch f[2] {
	case "0":
	case "1":
		b, err := hex.DecodeString(word)
		if err != nil || len(b) == 0 {
			return f[0], "a password that is not hexadecimal"
		}
		word = string(b)
	default:
		return f[0], "a password in an unknown form"
	}
	if !slices.Contains(l.db.Passwords, word) {
		if len(l.db.Passwords) == maxPasswords {
			return f[0], "more passwords than are tried"
		}
		l.db.Passwords = append(l.db.Passwords, word)
	}
	l.db.Stats.Passwords++
	return f[0], ""
}

// maxPasswords bounds the list: each is tried on every encrypted archive.
const maxPasswords = 1024

// finish makes of what was read what is handed out.
func (l *loader) finish() {
	l.db.Rules = l.rules.texts(l)
	kept := l.meta[:0]
	for _, m := range l.meta {
		if !l.ignores(m.name, m.digest) {
			kept = append(kept, m)
		}
	}
	l.db.Stats.Members = len(kept)
	if len(kept) > 0 {
		l.db.Members = &Engine{kept, newIndex(kept)}
	}
}
