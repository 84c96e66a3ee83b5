// Package quarantine keeps messages in a folder, where only an operator gets at
// them: <reference>.eml, the message as it would have gone on, and
// <reference>.json, its envelope and report.
//
// # Limits
//
// The folder is bounded in bytes and in age: what is too old goes, and when it is
// full the oldest goes. Files have mode 0600.
package quarantine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// Folder is a quarantine. It is safe for concurrent use, by one process.
type Folder struct {
	path     string
	maxAge   time.Duration
	maxBytes int64

	mu sync.Mutex
}

const draftPrefix = ".draft-"

// Open returns the quarantine in the folder path, which is made if it is not
// there. What is older than maxAge or beyond maxBytes in all is removed, as are
// drafts of a process that died.
func Open(path string, maxAge time.Duration, maxBytes int64) (*Folder, error) {
	if maxAge <= 0 || maxBytes <= 0 {
		return nil, errors.New("quarantine: age and bytes must be bounded")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("quarantine: %w", err)
	}
	probe, err := os.CreateTemp(path, draftPrefix)
	if err != nil {
		return nil, fmt.Errorf("quarantine: %w", err)
	}
	probe.Close()
	f := &Folder{path: path, maxAge: maxAge, maxBytes: maxBytes}
	entries, err := os.ReadDir(path)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), draftPrefix) {
			os.Remove(filepath.Join(path, e.Name()))
		}
	}
	return f, errors.Join(err, f.sweep(0))
}

// record is the content of <reference>.json.
type record struct {
	Time     time.Time         `json:"time"`
	Envelope *scanner.Envelope `json:"envelope"`
	Report   *scanner.Report   `json:"report"`
}

// Draft is a message that may be kept. Its errors are told by Keep.
type Draft struct {
	folder *Folder
	file   *os.File
	size   int64
	err    error
}

// Draft begins a message. The caller must call Discard.
func (f *Folder) Draft() *Draft {
	d := &Draft{folder: f}
	d.file, d.err = os.CreateTemp(f.path, draftPrefix) // mode 0600
	return d
}

// Write implements io.Writer; it never fails, Keep does.
func (d *Draft) Write(p []byte) (int, error) {
	if d.err == nil {
		d.size += int64(len(p))
		if d.size > d.folder.maxBytes {
			d.err = errors.New("quarantine: the message is larger than all of it may be")
		} else {
			_, d.err = d.file.Write(p)
		}
	}
	return len(p), nil
}

// Discard gives the message up unless it is kept.
func (d *Draft) Discard() {
	if d.file != nil {
		d.file.Close()
		os.Remove(d.file.Name())
		d.file = nil
	}
}

// Keep puts the message into the quarantine under its report's reference. When it
// returns nil both files are on the disk.
func (d *Draft) Keep(env *scanner.Envelope, report *scanner.Report) error {
	if d.err != nil {
		return d.err
	}
	ref := report.Reference
	if ref == "" || strings.ContainsFunc(ref, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	}) {
		return fmt.Errorf("quarantine: %q is no reference", ref)
	}
	about, err := json.MarshalIndent(record{time.Now().UTC(), env, report}, "", "  ")
	if err != nil {
		return err
	}
	if err := d.folder.sweep(d.size + int64(len(about))); err != nil {
		return err
	}
	return d.commit(filepath.Join(d.folder.path, ref), about)
}

// commit writes the JSON first: a message without it would be of nobody.
func (d *Draft) commit(base string, about []byte) error {
	err := d.file.Sync()
	if err == nil {
		err = writeSync(base+".json", about)
	}
	if err == nil {
		err = os.Rename(d.file.Name(), base+".eml")
	}
	if err == nil {
		err = syncFolder(d.folder.path)
	}
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	d.file.Close()
	d.file = nil
	return nil
}

func writeSync(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// kept is one message of the folder.
type kept struct {
	names []string
	size  int64
	time  time.Time
}

// sweep removes what is too old, and the oldest until more bytes fit.
func (f *Folder) sweep(more int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, total, err := f.list()
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *kept) int { return cmp.Compare(a.time.UnixNano(), b.time.UnixNano()) })
	var errs []error
	for _, k := range all {
		if time.Since(k.time) <= f.maxAge && total+more <= f.maxBytes {
			break
		}
		for _, name := range k.names {
			errs = append(errs, os.Remove(filepath.Join(f.path, name)))
		}
		total -= k.size
	}
	return errors.Join(errs...)
}

// list returns what is kept, and its bytes. Files of other names are not ours.
func (f *Folder) list() ([]*kept, int64, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, 0, err
	}
	byRef := map[string]*kept{}
	var all []*kept
	var total int64
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if ext != ".eml" && ext != ".json" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		ref := strings.TrimSuffix(e.Name(), ext)
		k := byRef[ref]
		if k == nil {
			k = &kept{time: info.ModTime()}
			byRef[ref] = k
			all = append(all, k)
		}
		k.names = append(k.names, e.Name())
		k.size += info.Size()
		total += info.Size()
	}
	return all, total, nil
}
