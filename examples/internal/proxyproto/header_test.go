package proxyproto

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
)

// binaryHeader is one of version 2.
func binaryHeader(command, family byte, body string) string {
	h := append([]byte(nil), signature...)
	h = append(h, 0x20|command, family)
	h = binary.BigEndian.AppendUint16(h, uint16(len(body)))
	return string(h) + body
}

const (
	four = "\xc0\x00\x02\x07\x7f\x00\x00\x01\x12\x67\x00\x19"
	six  = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07" + "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" + "\x12\x67\x00\x19"
)

func TestRead(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n", "192.0.2.7:4711"},
		{"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", "[2001:db8::7]:4711"},
		{"PROXY UNKNOWN\r\n", "invalid AddrPort"},
		{"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "invalid AddrPort"},
		{binaryHeader(1, 0x11, four), "192.0.2.7:4711"},
		{binaryHeader(1, 0x11, four+"\x03\x00\x01x"), "192.0.2.7:4711"},
		{binaryHeader(1, 0x21, six), "[2001:db8::7]:4711"},
		{binaryHeader(0, 0, ""), "invalid AddrPort"},
		{binaryHeader(1, 0x31, strings.Repeat("\x00", 216)), "invalid AddrPort"},
	} {
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(tt.in + "EHLO"), "bytes": iotest.OneByteReader(strings.NewReader(tt.in + "EHLO")),
		} {
			b := bufio.NewReader(r)
			got, err := Read(b)
			rest, _ := io.ReadAll(b)
			if err != nil || got.String() != tt.want || string(rest) != "EHLO" {
				t.Errorf("%s: %q: %v, %v, rest %q", name, tt.in, got, err, rest)
			}
		}
		if _, err := Read(bufio.NewReader(strings.NewReader(tt.in[:len(tt.in)-1]))); err == nil {
			t.Errorf("%q without its end", tt.in)
		}
	}
	for _, in := range []string{
		"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n", "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
		"PROXY TCP4 192.0.2.7 192.0.2.1 99999 25\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 1 25\n", "PROXY " + strings.Repeat("x", 200) + "\r\n",
		"EHLO client\r\n", "", "\r\n\r\nQUIT", binaryHeader(1, 0x11, four[:11]), binaryHeader(2, 0x11, four),
		binaryHeader(1, 0x11, strings.Repeat("x", maxBody+1)), strings.Replace(binaryHeader(1, 0x11, four), "\x21", "\x11", 1),
	} {
		if got, err := Read(bufio.NewReader(strings.NewReader(in))); err == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestHeader(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"192.0.2.7:4711", "192.0.2.1:25", "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n"},
		{"[2001:db8::7]:4711", "[2001:db8::1]:25", "PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n"},
		{"[2001:db8::7]:4711", "127.0.0.1:25", "PROXY TCP6 2001:db8::7 :: 4711 25\r\n"},
		{"[::ffff:192.0.2.7]:1", "", "PROXY TCP4 192.0.2.7 0.0.0.0 1 0\r\n"},
		{"", "192.0.2.1:25", "PROXY UNKNOWN\r\n"},
	} {
		from, _ := netip.ParseAddrPort(tt.from)
		to, _ := netip.ParseAddrPort(tt.to)
		got := Header(from, to)
		back, err := Read(bufio.NewReader(strings.NewReader(got)))
		if got != tt.want || err != nil || from.IsValid() && back.String() != netip.AddrPortFrom(from.Addr().Unmap(), from.Port()).String() {
			t.Errorf("%s -> %s: %q, read as %v, %v", tt.from, tt.to, got, back, err)
		}
	}
}

// FuzzRead: no header makes Read take more than it may.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\nx", "PROXY UNKNOWN\r\n", binaryHeader(1, 0x11, four), binaryHeader(1, 0x21, six), "EHLO"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(p), 256)
		from, err := Read(r)
		rest, _ := io.ReadAll(r)
		if used := len(p) - len(rest); used > 16+maxBody {
			t.Fatalf("took %d bytes", used)
		}
		if err != nil && from.IsValid() {
			t.Fatalf("%v with %v", from, err)
		}
	})
}
