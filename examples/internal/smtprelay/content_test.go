package smtprelay

import (
	"bytes"
	"strings"
	"testing"
)

// readAll reads a message in pieces of n bytes and returns what it is, and how much
// of the input it took; -1 if it has no end.
func readAll(src string, n int, bdat bool) (string, int) {
	c := content{bdat: bdat}
	var out []byte
	for at := 0; at < len(src); {
		piece := src[at:min(len(src), at+n)]
		var used int
		out, used = c.read(out, []byte(piece))
		at += used
		if c.state == atEnd {
			return string(out), at
		}
	}
	if bdat {
		return string(c.end(out)), len(src)
	}
	return string(out), -1
}

func TestContent(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"hi\r\n.\r\n", "hi\r\n"},
		{".\r\n", ""},
		{"..hi\r\n...\r\n.\r\n", ".hi\r\n..\r\n"},
		{".hi\r\n.\r\n", "hi\r\n"},
		{"a\nb\n.\r\n\r\n.\r\n", "a\r\nb\r\n\r\n\r\n"},
		{"a\n.\nMAIL\r\n.\r\n", "a\r\n\r\nMAIL\r\n"},
		{"a\r\n.\nMAIL\r\n.\r\n", "a\r\n\r\nMAIL\r\n"},
		{"a\r\n.\rMAIL\r\n.\r\n", "a\r\n MAIL\r\n"},
		{"a\r.\r\nMAIL\r\n.\r\n", "a .\r\nMAIL\r\n"},
		{"a\r.\rMAIL\r\n.\r\n", "a . MAIL\r\n"},
		{"a\r\r\n.\r\n", "a \r\n"},
		{"a\r\n\r.\r\n.\r\n", "a\r\n .\r\n"},
		{"a\r\n.\r\r\n.\r\n", "a\r\n \r\n"},
		{"a\x00b\r\n.\r\n", "a\x00b\r\n"},
		{"\n..x\r\n.\r\n", "\r\n.x\r\n"},
	} {
		for _, n := range []int{1, 2, 3, 100} {
			got, used := readAll(tt.in+"QUIT\r\n", n, false)
			if got != tt.want || used != len(tt.in) {
				t.Errorf("%q in pieces of %d: %q, %d of %d", tt.in, n, got, used, len(tt.in))
			}
		}
	}
	for in, want := range map[string]string{"": "", "a": "a\r\n", "a\r": "a \r\n", "a\r\n": "a\r\n", "a\n": "a\r\n", ".\r\n.\r\n": ".\r\n.\r\n"} {
		if got, _ := readAll(in, 1, true); got != want {
			t.Errorf("chunk %q: %q, want %q", in, got, want)
		}
	}
}

// What comes out has CRLF for line ends and no other CR or LF, is the same in
// whatever pieces it comes, grows by no more than it may, and ends where a strict
// reader of CRLF "." CRLF says.
func FuzzContent(f *testing.F) {
	for _, s := range []string{"a\r\n.\r\n", "a\n.\n", "\r\n.\r\r\n.\r\n", "..\r\n.\r\n", "\r.\r\n"} {
		f.Add(s, uint8(1), false)
		f.Add(s, uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, src string, n uint8, bdat bool) {
		whole, used := readAll(src, len(src)+1, bdat)
		pieces, usedPieces := readAll(src, int(n)+1, bdat)
		if whole != pieces || used != usedPieces {
			t.Fatalf("%q in pieces: %q (%d), whole: %q (%d)", src, pieces, usedPieces, whole, used)
		}
		if strings.ContainsAny(strings.ReplaceAll(whole, "\r\n", ""), "\r\n") {
			t.Fatalf("%q: %q has a bare CR or LF", src, whole)
		}
		if len(whole) > 2*len(src)+2 {
			t.Fatalf("%d bytes of %d", len(whole), len(src))
		}
		if bdat {
			return
		}
		want := strings.Index("\r\n"+src, "\r\n.\r\n")
		if want >= 0 {
			want += len(".\r\n")
		}
		if used != want {
			t.Fatalf("%q ends at %d, want %d", src, used, want)
		}
		if clean := strings.TrimSuffix(src, ".\r\n"); used == len(src) && !strings.ContainsAny(strings.ReplaceAll(clean, "\r\n", ""), "\r\n") {
			if stuffed(whole) != src && !lazilyStuffed(clean) {
				t.Fatalf("%q became %q", src, whole)
			}
		}
	})
}

// lazilyStuffed says that a line begins with a dot that was not stuffed.
func lazilyStuffed(s string) bool {
	for line := range strings.SplitSeq(s, "\r\n") {
		if strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "..") {
			return true
		}
	}
	return false
}

func BenchmarkContent(b *testing.B) {
	src := []byte(strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 200))
	buf := bytes.NewBuffer(nil).Bytes()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		var c content
		buf, _ = c.read(buf[:0], src)
	}
}
