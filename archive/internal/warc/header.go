package warc

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Bounds of a header, in bytes: what is read at first, and the most.
const (
	firstLook = 2 << 10
	maxHeader = 64 << 10
)

// header is what a record says of itself (ISO 28500 section 4).
type header struct {
	size    int64   // bytes up to the block
	lengths []int64 // by the fields Content-Length, of which there should be one
	target  string  // WARC-Target-URI
	file    string  // WARC-Filename
	segment bool    // goes on with another record's block
}

// header reads the header at an offset. One that has no end ends where what is read of
// it does.
func (f *file) header(off int64) (*header, error) {
	var b []byte
	end := 0
	for _, most := range [...]int{firstLook, maxHeader} {
		var err error
		if b, err = saferead.UpTo(f.src, off, int64(most), f.size, most); err != nil {
			return nil, err
		}
		if end = headEnd(b); end > 0 {
			break
		}
	}
	if end <= 0 {
		if int64(len(b)) < f.size-off {
			return nil, fmt.Errorf("header of a record: %w", level.ErrLimit)
		}
		end = len(b)
	}
	h := &header{size: int64(end)}
	for name, value := range fields(b[:end]) {
		h.set(name, value)
	}
	return h, nil
}

// set takes a field; names are compared without regard to case (section 4).
func (h *header) set(name, value string) {
	switch name {
	case "content-length":
		const most = 4 // different readers take different ones, none of them many
		n, err := strconv.ParseInt(value, 10, 64)
		if err == nil && n >= 0 && len(h.lengths) < most && !slices.Contains(h.lengths, n) {
			h.lengths = append(h.lengths, n)
		}
	case "warc-target-uri":
		h.target = strings.Trim(value, "<>")
	case "warc-filename":
		h.file = value
	case "warc-type":
		h.segment = strings.EqualFold(value, "continuation")
	}
}

// names are what a program that extracts a record calls the file: the last part of the
// address, and all of it.
func (h *header) names() []string {
	var names []string
	if u, err := url.Parse(h.target); err == nil && h.target != "" {
		if base := path.Base(u.Path); base != "/" && base != "." {
			names = append(names, base)
		}
	}
	for _, name := range []string{h.file, h.target} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// headEnd is where a header's first empty line ends, 0 if there is none.
//
// QUIRK: section 4 and RFC 9112 section 2.2 end lines with CR LF; readers take a bare
// LF too.
func headEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		line := b[at : at+i]
		at += i + 1
		if len(bytes.TrimSuffix(line, []byte("\r"))) == 0 {
			return at
		}
	}
}

// fields are the named fields of a header, names in lower case. A line that begins with
// a blank goes on with the field before it.
func fields(b []byte) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		var name, value string
		for line := range bytes.Lines(b) {
			line = bytes.TrimRight(line, "\r\n")
			if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
				value += " " + string(bytes.TrimSpace(line))
				continue
			}
			if name != "" && !yield(name, strings.TrimSpace(value)) {
				return
			}
			before, after, _ := bytes.Cut(line, []byte(":"))
			name, value = strings.ToLower(string(bytes.TrimSpace(before))), string(after)
		}
		if name != "" {
			yield(name, strings.TrimSpace(value))
		}
	}
}
