// Package ruleset loads the YARA rules, hash lists and databases of ClamAV that the
// example programs are told of, and the few that they bring along.
package ruleset

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/signatures/clamav"
	"github.com/fivefifty/fivefifty/signatures/hashset"
	"github.com/fivefifty/fivefifty/signatures/yara"
)

//go:embed bundled
var bundled embed.FS

// Paths are the files and folders that rules come from.
type Paths struct {
	Rules   []string // YARA rules
	Hashes  []string // lists of digests, and files of them that BuildHashes wrote
	ClamAV  []string // databases of ClamAV, of all kinds
	Bundled bool     // what the program brings along

	Disable []string // YARA rules that are never reported: "Name" or "namespace:Name"
	Every   bool     // report YARA rules too that are not meant for files in mail
	Cache   string   // folder for compiled YARA rules; "" is none
	Isolate bool     // run libyara in a process of its own: the program calls ServeWorker first of all
}

// Set is what was loaded. Its engines work until Close.
type Set struct {
	Engines  []scanner.Engine
	Warnings []string // lines and rules that could not be used

	hashes []*hashset.Set // of lists, and of each file of hashes
	rules  *yara.Engine
	clam   *clamav.Database
}

// Load reads all of p. A bad line or rule costs itself only and is a warning; a
// path that can't be read is an error, as is a program without YARA that is given
// rules: to run without what the operator asked for would be to let infected mail
// through.
func Load(p Paths) (*Set, error) {
	s := new(Set)
	err := s.loadHashes(p)
	if err == nil {
		err = s.loadRules(p)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Set) loadHashes(p Paths) error {
	if !p.Bundled && len(p.Hashes) == 0 && len(p.ClamAV) == 0 {
		return nil
	}
	var b hashset.Builder
	if p.Bundled {
		err := each(".hsb", func(name, text string) error { return b.Read(strings.NewReader(text), name) })
		if err != nil {
			return err
		}
	}
	lists, err := s.openHashes(p.Hashes)
	if err != nil {
		return err
	}
	if err := b.Load(lists...); err != nil {
		return err
	}
	if err := s.loadClamAV(p.ClamAV, &b); err != nil {
		return err
	}
	for _, w := range b.Warnings() {
		s.Warnings = append(s.Warnings, w.String())
	}
	if p.Bundled || len(lists) > 0 || len(p.ClamAV) > 0 {
		s.useHashes(b.Build())
	}
	return nil
}

func (s *Set) useHashes(h *hashset.Set) {
	s.hashes = append(s.hashes, h)
	s.Engines = append(s.Engines, h)
}

// openHashes opens the files of hashes among paths and returns the others.
func (s *Set) openHashes(paths []string) (lists []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		built := false
		if info.Mode().IsRegular() {
			if built, err = hashset.Recognize(p); err != nil {
				return nil, err
			}
		}
		if !built {
			lists = append(lists, p)
			continue
		}
		h, err := hashset.Open(p)
		if err != nil {
			return nil, err
		}
		s.useHashes(h)
	}
	return lists, nil
}

// BuildHashes writes the lists at paths to a file of hashes, which Load opens at
// once however large it is, and returns what could not be used and the number of
// digests. The folder of the file has to have room for it twice.
func BuildHashes(file string, paths []string) (warnings []string, n int, err error) {
	b := hashset.Builder{Temp: filepath.Dir(file)}
	if err := b.Load(paths...); err != nil {
		return nil, 0, err
	}
	for _, w := range b.Warnings() {
		warnings = append(warnings, w.String())
	}
	if err := b.WriteFile(file); err != nil {
		return warnings, 0, err
	}
	h, err := hashset.Open(file)
	if err != nil {
		return warnings, 0, err
	}
	defer h.Close()
	return warnings, h.Len(), h.Verify()
}

func (s *Set) loadRules(p Paths) error {
	if !p.Bundled && len(p.Rules) == 0 && len(s.clamRules()) == 0 {
		return nil
	}
	c := yara.Config{Paths: p.Rules, Disable: p.Disable, EveryRule: p.Every, Cache: p.Cache, Sources: s.clamRules()}
	if p.Isolate {
		c.Command = workerCommand()
	}
	if p.Bundled {
		err := each(".yar", func(name, text string) error {
			c.Sources = append(c.Sources, yara.Source{Name: name, Namespace: "bundled", Text: text})
			return nil
		})
		if err != nil {
			return err
		}
	}
	rules, warnings, err := yara.New(c)
	if errors.Is(err, yara.ErrUnavailable) && len(p.Rules) == 0 && len(s.clamRules()) == 0 {
		s.Warnings = append(s.Warnings, "built without cgo: the bundled YARA rules are not used, the hashes are")
		return nil
	}
	if err != nil {
		return err
	}
	for _, w := range warnings {
		s.Warnings = append(s.Warnings, w.String())
	}
	s.rules = rules
	s.Engines = append(s.Engines, rules)
	return nil
}

// each calls f with every bundled file whose name ends in suffix.
func each(suffix string, f func(name, text string) error) error {
	return fs.WalkDir(bundled, "bundled", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, suffix) {
			return err
		}
		text, err := bundled.ReadFile(name)
		if err != nil {
			return err
		}
		return f(name, string(text))
	})
}

// Summary says in one line what was loaded.
func (s *Set) Summary() string {
	var parts []string
	if s.rules != nil {
		parts = append(parts, fmt.Sprintf("%d YARA rules", s.rules.Rules()))
	}
	if len(s.hashes) > 0 {
		n := 0
		for _, h := range s.hashes {
			n += h.Len()
		}
		parts = append(parts, fmt.Sprintf("%d hashes", n))
	}
	parts = append(parts, s.clamSummary()...)
	if len(parts) == 0 {
		return "no rules and no hashes"
	}
	return strings.Join(parts, ", ")
}

// YARA returns the engine of the YARA rules, nil if there is none.
func (s *Set) YARA() *yara.Engine { return s.rules }

// Verify reads files of hashes whole and checks their digests; Load does not.
func (s *Set) Verify() error {
	var errs []error
	for _, h := range s.hashes {
		errs = append(errs, h.Verify())
	}
	return errors.Join(errs...)
}

// Close releases the rules' memory and the files of hashes, once no scan uses them.
func (s *Set) Close() error {
	var errs []error
	for _, h := range s.hashes {
		errs = append(errs, h.Close())
	}
	if s.rules != nil {
		errs = append(errs, s.rules.Close())
	}
	return errors.Join(errs...)
}
