package emlx

import (
	"bytes"
	"io"
	"strconv"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Format is how a message of Apple Mail is found and opened.
var Format = &level.Format{Name: "emlx", Detect: detect, Open: open}

// look is how many bytes tell the format.
const look = 4 << 10

// maxDigits is the longest length that is one.
const maxDigits = 12

func detect(p *level.Probe) bool {
	_, _, ok := parse(p.Head[:min(len(p.Head), look)])
	return ok
}

// parse reads the line before a message: its length, and where the message begins. Lines
// of a header must follow.
func parse(b []byte) (length, begin int64, ok bool) {
	line, rest, found := bytes.Cut(b, []byte("\n"))
	digits := bytes.TrimRight(line, " \r")
	if !found || len(digits) == 0 || len(digits) > maxDigits || len(bytes.Trim(digits, "0123456789")) > 0 || !isHeader(rest) {
		return 0, 0, false
	}
	length, err := strconv.ParseInt(string(digits), 10, 64)
	return length, int64(len(line)) + 1, err == nil
}

// isHeader says whether b begins with two fields (RFC 5322 section 2.2).
func isHeader(b []byte) bool {
	fields := 0
	for line := range bytes.Lines(b) {
		if fields > 0 && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		if !isField(line) {
			return false
		}
		if fields++; fields == 2 {
			return true
		}
	}
	return false
}

// isField says whether a line begins with a field's name and a colon.
func isField(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) == 0 || len(name) > 76 {
		return false
	}
	for _, c := range bytes.TrimRight(name, " \t") {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// open yields the message, as its length says and up to the end of the file where
// something else than a property list follows, and the list.
func open(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, look, size, look)
	if err != nil {
		return nil, err
	}
	n, begin, ok := parse(head)
	if !ok {
		return nil, level.ErrFormat
	}
	w := new(level.Steps)
	end := begin + min(n, size-begin)
	add := func(from, to int64, media, reading string) {
		w.Yield(&level.Member{Size: to - from, Method: "stored", MediaType: media, Reading: reading}, saferead.Section(src, from, to-from, size))
	}
	const list = "<?xml"
	behind, err := saferead.UpTo(src, end, int64(len(list)), size, len(list))
	if err != nil {
		return nil, err
	}
	const message = "message/rfc822"
	if honest := end == begin+n && (len(behind) == 0 || string(behind) == list); honest {
		add(begin, end, message, "")
	} else {
		w.Note(anomaly.Size)
		add(begin, size, message, "whole")
		if end < size && n > 0 {
			add(begin, end, message, "declared")
		}
	}
	if end < size {
		add(end, size, "", "appended")
	}
	return w, nil
}
