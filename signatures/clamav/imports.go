package clamav

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
)

// imports reads a line of .imp, "MD5:size:name": the digest of the names of all
// functions that a program imports. libyara's is made of the same text; the size is
// that of the text, and says nothing more.
func (l *loader) imports(ln line) (string, fault) {
	f := strings.Split(ln.text, ":")
	if len(f) < 3 {
		return f[0], "not the three fields of an import table"
	}
	digest, name := strings.ToLower(f[0]), f[2]
	if b, err := hex.DecodeString(digest); err != nil || len(b) != md5.Size {
		return name, "not an MD5"
	}
	if fault := checkName(name); fault != "" {
		return name, fault
	}
	if ok, fault := levels(f[3:]); !ok {
		return name, fault
	}
	ln.source.add(ln, name, nil, fmt.Sprintf("pe.imphash() == %q", digest), true, true)
	return name, ""
}
