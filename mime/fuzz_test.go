package mime

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// seeds are messages from which the fuzzers start.
var seeds = []string{
	"",
	"\n\n\n",
	"Subject: x\n\nhello\n",
	"From a@b Mon\nContent-Type: multipart/mixed; boundary=b\n\npre\n--b\nContent-Transfer-Encoding: base64\n\nSGVs=bG8=\n--b--\nepi\n--b\n\nz",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/x; boundary=bb\n\n--bb\n\nA\r\n--bb--\n--b\nno blank\n--b--",
	"Content-Type: multipart/mixed; boundary=\"\"\r\rbegin\r--\r\r--\r----\r",
	"Content-Type: multipart/mixed\n\n--x\njunk\nContent-Type: multipart/mixed\n--y\n\n--x",
	"Content-Type: multipart/mixed; boundary=b; boundary=c\nContent-Transfer-Encoding: quoted-printable\n\n--b\n\nA=3D=\n\n--c\n\n--b--",
	"Content-Transfer-Encoding: base64, 7bit\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n%:&5L;&\\\n`\nend\n",
	"\n\nA: b\r\r\nc\r\r\n\r\nbegin 644 a b\n%:&5L;&\\\n\nReceived: x\nFrom: y\n\nhi",
	"Content-Disposition: attachment; filename*1*=%41; filename*0*=utf-8''b; filename=\"=?utf-8?Q?a?= =?utf-8?B?Yg==?=\n\n",
	"Content-Type: text/html; name=a b (c) d\nContent-Transfer-Encoding: quoted-printable\n\n= \t\r\n=4=41==\r\n=",
	"\xef\xbb\xbfX: y\nContent-Type: multipart/digest; boundary=a\n\n--a\n\nB: c\n\n--a-- x\n--ab",
}

// sizes counts decoded bytes.
type sizes struct {
	begun, ended int
	bytes        int64
}

func (s *sizes) Begin(*Entity) io.Writer     { s.begun++; return s }
func (s *sizes) End(*Entity)                 { s.ended++ }
func (s *sizes) Write(p []byte) (int, error) { s.bytes += int64(len(p)); return len(p), nil }

func FuzzWalker(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(strings.ReplaceAll(s, "\n", "\r\n")))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		if len(msg) > 64<<10 {
			return
		}
		l := Limits{HeaderBytes: 512, Entities: 200, Depth: 4, Readings: 3}
		start := time.Now()
		var s sizes
		if err := Walk(bytes.NewReader(msg), &s, l); err != nil {
			t.Fatal(err)
		}
		if s.begun != s.ended {
			t.Errorf("%d Begin, %d End", s.begun, s.ended)
		}
		// Each level of multiparts can give its bytes once per reading, a text once
		// more to what is carved from it, and BinHex grows most: two bytes, of six
		// bits a character, are a run of up to 254.
		if most := int64(len(msg)+2) * 32 * 2 * 96; s.bytes > most {
			t.Errorf("%d bytes from %d", s.bytes, len(msg))
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %v for %d bytes", d, len(msg))
		}
		if len(msg) > 8<<10 || s.begun >= l.Entities {
			return
		}
		whole := walkPieces(t, msg, max(1, len(msg)), l)
		for _, size := range []int{1, 7} {
			pieces := walkPieces(t, msg, size, l)
			if whole.limited() && pieces.limited() {
				continue // which doubt has the last reading depends on which comes first
			}
			if whole.sorted() != pieces.sorted() {
				t.Errorf("pieces of %d differ\nwhole:\n%spieces:\n%s", size, whole, pieces)
			}
		}
	})
}

func FuzzIsMessage(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Add([]byte("Received: a\nFrom: b\n\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		is := IsMessage(head)
		if len(head) > detectBytes || !is || bytes.ContainsRune(head, '\r') {
			return
		}
		if !IsMessage(bytes.ReplaceAll(head, []byte("\n"), []byte("\r\n"))) && len(head) < detectBytes/2 {
			t.Error("a message with LF, none with CRLF")
		}
	})
}
