package warc

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// payload yields what an HTTP message in a block transfers. A coding that has a format
// of its own, as gzip has, is opened as that.
func (f *file) payload(record *level.Member, begin, n int64) error {
	var b []byte
	end := 0
	for _, most := range [...]int{firstLook, maxHeader} {
		var err error
		if b, err = saferead.UpTo(f.src, begin, min(n, int64(most)), f.size, most); err != nil {
			return err
		}
		if end = headEnd(b); end > 0 || !isHTTP(b) {
			break
		}
	}
	switch {
	case !isHTTP(b), end == 0 && len(b) < maxHeader, int64(end) >= n:
		return nil
	case end == 0:
		f.Yield(&level.Member{Names: record.Names, Size: -1, Err: fmt.Errorf("header of an HTTP message: %w", level.ErrLimit)}, nil)
		return nil
	}
	f.transferred(record, b[:end], begin, n)
	// A strict reader does not take the line that ends the header for an empty one.
	if strict := bytes.Index(b, []byte("\r\n\r\n")) + 4; strict > end && int64(strict) < n {
		f.transferred(record, b[:strict], begin, n)
	}
	return nil
}

// transferred yields what follows a message's header in a block of n bytes.
func (f *file) transferred(record *level.Member, head []byte, begin, n int64) {
	end := int64(len(head))
	var chunked, deflated, brotli bool
	for name, value := range fields(head) {
		codings := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' || r == ' ' })
		switch name {
		case "transfer-encoding":
			chunked = chunked || slices.Contains(codings, "chunked")
		case "content-encoding":
			deflated = deflated || slices.Contains(codings, "deflate")
			brotli = brotli || slices.Contains(codings, "br")
		}
	}
	open := func() io.Reader {
		var r io.Reader = saferead.Section(f.src, begin+end, n-end, f.size)
		if chunked {
			r = newChunks(r)
		}
		return r
	}
	m := &level.Member{Names: record.Names, Size: n - end, Method: "stored", Reading: record.Reading}
	if chunked {
		m.Size = -1
	}
	f.Yield(m, open())
	if deflated {
		f.inflated(m, open())
	}
	if brotli {
		f.Yield(&level.Member{Names: record.Names, Size: -1, Method: "brotli", Err: fmt.Errorf("coding br: %w", level.ErrUnsupported)}, nil)
	}
}

// isHTTP says whether b begins with a status line or a request line (RFC 9112 section 2.1).
func isHTTP(b []byte) bool {
	line, _, _ := bytes.Cut(b[:min(len(b), firstLook)], []byte("\n"))
	if bytes.HasPrefix(line, []byte("HTTP/")) {
		return true
	}
	words := bytes.Fields(line)
	return len(words) == 3 && bytes.HasPrefix(words[2], []byte("HTTP/")) && len(bytes.Trim(words[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")) == 0
}

// inflated yields a payload in the coding deflate where that is no zlib stream, which is
// a format of its own.
//
// QUIRK: RFC 9110 section 8.4.1.2 means zlib; some servers have always sent bare deflate,
// and browsers take both.
func (f *file) inflated(of *level.Member, body io.Reader) {
	in := bufio.NewReader(&level.Marked{R: body})
	if head, _ := in.Peek(2); zlib.Header(head) {
		return
	}
	m := &level.Member{Names: of.Names, Size: -1, Method: "deflate", Reading: of.Reading}
	f.Yield(m, &level.Plain{R: flate.NewReader(in)})
}

// chunks undoes the chunks of a transfer (RFC 9112 section 7.1).
//
// QUIRK: many archives have the header and not the chunks. From where there is none, all
// is content.
type chunks struct {
	in   *bufio.Reader
	left int64 // of the chunk
	bare bool  // no more chunks
	done bool  // the last chunk was met
}

func newChunks(r io.Reader) *chunks { return &chunks{in: bufio.NewReader(r)} }

func (c *chunks) Read(p []byte) (int, error) {
	if c.left == 0 && !c.bare && !c.done {
		c.next()
	}
	switch {
	case c.done:
		return 0, io.EOF
	case c.bare:
		return c.in.Read(p)
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); c.left == 0 && err == nil {
		c.skipLine()
	}
	return n, err
}

// maxChunkLine bounds the line before a chunk, with its extensions, in bytes.
const maxChunkLine = 4 << 10

// next reads the line before a chunk.
func (c *chunks) next() {
	b, _ := c.in.Peek(maxChunkLine)
	whole, _, found := bytes.Cut(b, []byte("\n"))
	line := bytes.TrimLeft(whole, " \t")
	digits := len(line) - len(bytes.TrimLeft(line, "0123456789abcdefABCDEF"))
	size, err := strconv.ParseInt(string(line[:digits]), 16, 64)
	behind := bytes.TrimSuffix(line[digits:], []byte("\r"))
	if !found || err != nil || len(behind) > 0 && bytes.IndexByte([]byte("; \t"), behind[0]) < 0 {
		c.bare = true
		return
	}
	_, _ = c.in.Discard(len(whole) + 1)
	c.left, c.done = size, size == 0
}

// skipLine passes over the end of line behind a chunk.
func (c *chunks) skipLine() {
	b, _ := c.in.Peek(2)
	switch {
	case bytes.HasPrefix(b, []byte("\r\n")):
		_, _ = c.in.Discard(2)
	case bytes.HasPrefix(b, []byte("\n")):
		_, _ = c.in.Discard(1)
	}
}
