package scanner

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
)

// uuencoded is data as uuencode writes it.
func uuencoded(name string, data []byte, end string) string {
	var b strings.Builder
	digit := func(v byte) { b.WriteByte(v&0x3f + ' ') }
	b.WriteString("begin 644 " + name + end)
	for len(data) > 0 {
		var line [45]byte
		n := copy(line[:], data)
		data = data[n:]
		digit(byte(n))
		for i := 0; i < n; i += 3 {
			x, y, z := line[i], line[i+1], line[i+2]
			digit(x >> 2)
			digit(x<<4 | y>>4)
			digit(y<<2 | z>>6)
			digit(z)
		}
		b.WriteString(end)
	}
	b.WriteString("`" + end + "end" + end)
	return strings.ReplaceAll(b.String(), " ", "`")
}

// TestLongEncoded: a text that holds an encoded file has no header, and its lines may go
// on for long without a blank one.
func TestLongEncoded(t *testing.T) {
	noise := make([]byte, 400<<10)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(noise)
	file := zipped(t, part{name: "noise.bin", body: noise}, part{name: "p.txt", body: []byte(marker)})
	s := newScanner(t, Config{})
	for _, c := range []struct{ name, end, front string }{
		{"a.uu", "\n", ""}, {"a.uu", "\r\n", ""}, {"a.uu", "\r", ""},
		{"notes.txt", "\n", strings.Repeat("a line without a blank one\n", 20_000)},
	} {
		text := strings.Replace(uuencoded("a.zip", file, c.end), "begin`644`", "begin 644 ", 1)
		for _, whole := range []bool{true, false} {
			data := []byte(c.front + text)
			if !whole {
				data = zipped(t, part{name: c.name, body: data})
			}
			r, err := s.ScanFile(context.Background(), map[bool]string{true: c.name, false: "a.zip"}[whole], bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, o := range r.Objects {
				found += len(o.Findings)
			}
			if len(reasons(r)) > 0 || found == 0 {
				t.Errorf("%s %q: %d findings, %v", c.name, c.end, found, reasons(r))
			}
		}
	}
}
