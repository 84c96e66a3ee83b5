package yara

import (
	"errors"
	"fmt"
	"time"
)

// Config is what an Engine is made of. At least one rule must come out of Paths
// and Sources together.
type Config struct {
	// Paths are rule files, and folders of which every file called *.yar,
	// *.yara, *.yr, *.rule or *.rules is taken, in name order, subfolders too;
	// names that begin with a dot are passed over. A path that does not exist is
	// an error from New.
	Paths []string

	Sources []Source // rules in memory; they cannot include files

	// Disable lists rules that are never reported: "Name", or "namespace:Name".
	// They still count where another rule refers to them.
	Disable []string

	// EveryRule reports also what is not meant for files in mail: rules that THOR's
	// limit and type metas keep to logs and memory, and those of
	// thor_inverse_matches.yar, which are about the files of a Windows system.
	EveryRule bool

	DefaultScore int // score of a rule that gives none, 1 to 100; default 70
	Malicious    int // least score of a malicious finding, 1 to 100; default 70
	Suspicious   int // least score of a suspicious finding, up to Malicious; default 40, or Malicious if that is less

	// MaxMatches bounds the findings kept for one object, default 64; the gravest
	// are kept.
	MaxMatches int

	// Timeout bounds one object's scan, where the context's deadline is not
	// nearer; default 30 s. libyara counts whole seconds: parts are rounded up.
	Timeout time.Duration

	// Cache is a folder in which compiled rules are kept, so that the same rules
	// need not be compiled again; it is made if it is missing. It must be the
	// process's own and closed to others, or a warning says that it is not used.
	// "", the default, keeps nothing. It needs /proc (Linux), to tell which libyara
	// is running.
	Cache string

	// Command runs libyara in another process: a program that calls Serve, with
	// its arguments. A fault there costs one object, not this process. Empty, the
	// default, runs it here.
	Command []string

	TempDir string // where rules and large objects are put for Command's process; default that of the system
}

// Source is a text of rules given in memory.
type Source struct {
	Name      string // of the text, for warnings; default "rules"
	Namespace string // default Name
	Text      string
}

// Warning tells of one thing in the rules that was lost or had no effect: a rule
// that does not compile, a file that cannot be read.
type Warning struct {
	File string // as found, or Source.Name
	Line int    // in File, from 1; 0 where the whole file is meant
	Rule string // its name, "" if none is known
	Text string // the reason, in libyara's words where it gave it
}

// String returns the warning on one line, as "file:line: rule: reason".
func (w Warning) String() string {
	s := w.File
	if w.Line > 0 {
		s += fmt.Sprintf(":%d", w.Line)
	}
	if s != "" {
		s += ": "
	}
	if w.Rule != "" {
		s += "rule " + w.Rule + ": "
	}
	return s + w.Text
}

// Errors of this package. They work with errors.Is.
var (
	ErrUnavailable = errors.New("yara: not compiled in (needs cgo and libyara)")
	ErrNoRules     = errors.New("yara: no usable rule")
	ErrClosed      = errors.New("yara: engine is closed")
)

func (c Config) withDefaults() (Config, error) {
	for _, f := range []struct {
		name  string
		value *int
		def   int
		most  int
	}{
		{"DefaultScore", &c.DefaultScore, 70, 100},
		{"Malicious", &c.Malicious, 70, 100},
		{"Suspicious", &c.Suspicious, 0, 100},
		{"MaxMatches", &c.MaxMatches, 64, 1 << 20},
	} {
		if *f.value < 0 || *f.value > f.most {
			return c, fmt.Errorf("yara: Config.%s: %d is not within 0 to %d", f.name, *f.value, f.most)
		}
		if *f.value == 0 {
			*f.value = f.def
		}
	}
	if c.Suspicious == 0 {
		c.Suspicious = min(40, c.Malicious)
	}
	if c.Suspicious > c.Malicious {
		return c, fmt.Errorf("yara: Config.Suspicious: %d is above Malicious, %d", c.Suspicious, c.Malicious)
	}
	if c.Timeout < 0 || c.Timeout > 24*time.Hour {
		return c, fmt.Errorf("yara: Config.Timeout: %v is not within 0 to 24h", c.Timeout)
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	return c, nil
}
