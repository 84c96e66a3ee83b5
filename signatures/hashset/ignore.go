package hashset

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Ignored are names of signatures that are not used: what ClamAV's .ign2 and .ign
// hold. The zero value is empty.
type Ignored struct {
	names map[string][]string // each with the digests of the lines that are meant; "" is every line
}

// Add adds a name.
func (g *Ignored) Add(name string) { g.add(name, "") }

func (g *Ignored) add(name, digest string) {
	if g.names == nil {
		g.names = map[string][]string{}
	}
	g.names[name] = append(g.names[name], digest)
}

// Len returns how many names there are.
func (g *Ignored) Len() int { return len(g.names) }

// Has says whether the signature of that name, which stands in that line (without
// its end), is ignored. ".UNOFFICIAL", which ClamAV puts behind names, is left
// out of the comparison.
func (g *Ignored) Has(name, line string) bool {
	if len(g.names) == 0 {
		return false
	}
	for _, digest := range g.names[strings.TrimSuffix(name, unofficial)] {
		if digest == "" {
			return true
		}
		if sum := md5.Sum([]byte(line)); hex.EncodeToString(sum[:]) == digest {
			return true
		}
	}
	return false
}

const unofficial = ".UNOFFICIAL"

// Read reads a list: "Name" or "Name:MD5 of the signature's line" (.ign2), or
// "file:line:Name" (.ign). name is for warnings; the only errors are those of r.
func (g *Ignored) Read(r io.Reader, name string) ([]Warning, error) {
	w := warnings{file: name}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for n := 1; in.Scan(); n++ {
		line := in.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if fault := g.line(string(bytes.TrimSpace(line))); fault != "" {
			w.add(n, "%s", fault)
		}
	}
	err := in.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		w.add(0, "left out from a line on that is longer than %d bytes", maxLine)
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("hashset: %s: %w", name, err)
	}
	return w.all(), err
}

func (g *Ignored) line(line string) (fault string) {
	if line == "" || line[0] == '#' {
		return ""
	}
	f := strings.Split(line, ":")
	name, digest := f[0], ""
	switch {
	case len(f) == 2:
		digest = strings.ToLower(f[1])
		if b, err := hex.DecodeString(digest); err != nil || len(b) != md5.Size {
			return "no MD5 of 32 hexadecimal digits behind the name"
		}
	case len(f) >= 3 && isNumber(f[1]):
		name = f[2]
	case len(f) >= 3:
		return "neither a name, nor a name and an MD5"
	}
	name = strings.TrimSuffix(name, unofficial)
	if name == "" {
		return "no name"
	}
	g.add(name, digest)
	return ""
}
