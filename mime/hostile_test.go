package mime

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHostile walks messages that make parsers of mail slow or large. Time and
// memory must not grow faster than the message.
func TestHostile(t *testing.T) {
	const size = 1 << 20
	fill := func(head, unit string) string {
		return head + strings.Repeat(unit, size/len(unit))
	}
	var unclosed strings.Builder
	for i := range 400 {
		fmt.Fprintf(&unclosed, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	const multi = "Content-Type: multipart/mixed; boundary=b\n\n"
	long := strings.Repeat("x", 900)
	for name, msg := range map[string]string{
		"delimiter look-alikes":  fill(multi+"--b\n\n", "\n--a"),
		"dashes":                 fill(multi+"--b\n\n", "-"),
		"lines of dashes":        fill(multi+"--b\n\n", "--\n"),
		"beginnings":             fill("Content-Type: multipart/mixed; boundary="+long+"y\n\n", "\n--"+long),
		"CR only text":           fill("Subject: x\r\r", "a text\r"),
		"CR only header":         fill("Subject: x\r", "a: b\r"),
		"one line":               fill("Subject: x\n\n", "abc "),
		"one header line":        fill("Subject: ", "abc "),
		"equal signs":            fill("Content-Transfer-Encoding: quoted-printable\n\n", "="),
		"soft breaks":            fill("Content-Transfer-Encoding: quoted-printable\n\n", "=   "),
		"base64 padding":         fill("Content-Transfer-Encoding: base64\n\n", "QQ=="),
		"base64 junk":            fill("Content-Transfer-Encoding: base64\n\n", "Q!"),
		"begin lines":            fill("Subject: x\n\n", "begin 644 x\n"),
		"field lines":            fill("Subject: x\n\n", "\nFrom: a\nTo: b\n"),
		"uu length bytes":        fill("Subject: x\n\nbegin 644 x\n", "_\n"),
		"uu lines too short":     fill("Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n", "_a\n"),
		"uu files":               fill("Content-Transfer-Encoding: x-uuencode\n\n", "begin 644 x\n#86)C\nend\n"),
		"base64 all doubts":      fill("Content-Transfer-Encoding: base64\n\n", "Q=Q=QQ!-_ Q QQ==\n"),
		"base64 text lines":      fill("Content-Transfer-Encoding: base64\n\n", "a b\n"),
		"base64 held lines":      fill("Content-Transfer-Encoding: base64\n\n", strings.Repeat("Q", 1023)+"\n"),
		"qp all doubts":          fill("Content-Transfer-Encoding: quoted-printable\n\n", "a==3D= \n=4=41=\rx \t\n=0D\n\x00"),
		"qp blanks":              fill("Content-Transfer-Encoding: quoted-printable\n\n", " "),
		"qp blanks in lines":     fill("Content-Transfer-Encoding: quoted-printable\n\n", strings.Repeat(" ", 253)+"x"),
		"yEnc begins":            fill("Subject: x\n\n", "=ybegin part=1 size=9 name=a\n=ypart begin=1\nx\n=yend\n"),
		"yEnc parts":             fill("Subject: x\n\n", "=ybegin part=1 size=99999999 name=a\n=ypart begin=1\nx\n"),
		"yEnc one line":          fill("Content-Transfer-Encoding: x-yencode\n\n=ybegin line=1 size=1 name=a\n", "=}"),
		"BinHex runs":            fill("Content-Transfer-Encoding: binhex\n\n:#3\"0!!!", "*Hr"),
		"BinHex marks":           fill("Subject: x\n\n", "(This file must be converted with BinHex 4.0)\n:!!!\n"),
		"armor begins":           fill("Subject: x\n\n", "-----BEGIN X-----\n"),
		"armor one line":         fill("Subject: x\n\n-----BEGIN X-----\n", "QUJD"),
		"quoting":                fill("Subject: x\n\n", "> > > > > begin 644 x\n"),
		"unclosed multiparts":    unclosed.String(),
		"parts":                  fill(multi, "--b\n"),
		"parts and epilogues":    fill(multi, "--b\n\n--b--\nx\n"),
		"comments":               fill("Content-Type: text/plain", "(a "),
		"parameters":             fill("Content-Type: text/plain", ";a*0=b"),
		"blanks in a value":      fill("Content-Type: text/plain; name=", "a  "),
		"word starts":            fill("Content-Type: text/plain; name=\"", "=?a?Q?b"),
		"words":                  fill("Content-Type: text/plain; name=\"", "=?a?Q?b?= "),
		"types":                  fill("", "Content-Type: multipart/x; boundary=a; boundary=b\n"),
		"encodings":              fill("", "Content-Transfer-Encoding: base64 7bit\n"),
		"junk lines":             fill(multi, "--b\nA: b\njunk\n\n"),
		"junk lines, no end":     fill(multi, "--b\nA: b\njunk\n"),
		"readings in readings":   fill("", "Content-Type: multipart/x; boundary=a; boundary=b\n\n--a\n--b\n"),
		"adopted in junk":        fill("", "Content-Type: multipart/x\njunk\n--a\n"),
		"headers in many parts":  fill(multi, "--b\n"+strings.Repeat("Content-Type: a/b; c=\"\n", 8000)+"\n"),
		"names in many headers":  fill(multi, "--b\n"+strings.Repeat("Content-Disposition: a; filename=b; name=c\n", 4000)+"\n"),
		"boundaries in one type": fill("Content-Type: multipart/x", ";boundary=\""+"1\""),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := cpuTime()
			var s forkSizes
			if err := Walk(strings.NewReader(msg), &s, Limits{}); err != nil {
				t.Fatal(err)
			}
			took := cpuTime() - start
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes: %v, %d KiB allocated, %d entities, %d bytes given", len(msg), took, allocated>>10, s.begun, s.bytes)
			if took > 20*time.Second { // linear input takes a hundredth
				t.Errorf("took %v", took)
			}
			if most := uint64(len(msg))*24 + 16<<20; allocated > most && !raced {
				t.Errorf("allocated %d bytes, at most %d expected", allocated, most)
			}
			if s.begun != s.ended {
				t.Errorf("%d Begin, %d End", s.begun, s.ended)
			}
		})
	}
}
