package bombs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

var mails = []Bomb{
	{"mail-parts", func() ([]byte, error) {
		return []byte(mailHead + strings.Repeat("--xyz\r\n\r\nx\r\n", fileBytes/12)), nil
	}},
	{"mail-depth", func() ([]byte, error) {
		var b bytes.Buffer
		b.WriteString("MIME-Version: 1.0\r\n")
		for i := range 300_000 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.Bytes(), nil
	}},
	{"mail-header", func() ([]byte, error) {
		return []byte("X: " + strings.Repeat("=?utf-8?q?=41?= ", fileBytes/16) + "\r\n\r\nx"), nil
	}},
	{"mail-headers", func() ([]byte, error) { return []byte(strings.Repeat("A: b\r\n", fileBytes/6) + "\r\nx"), nil }},
	{"mail-uuencoded", func() ([]byte, error) {
		return []byte("Subject: x\r\n\r\n" + strings.Repeat("begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n", fileBytes/32)), nil
	}},
	{"mail-begins", func() ([]byte, error) {
		return []byte("Subject: x\r\n\r\n" + strings.Repeat("begin 644 a.txt\r\n", fileBytes/17)), nil
	}},
	{"mail-boundaries", func() ([]byte, error) { return []byte(mailHead + strings.Repeat("--xy\r\n", fileBytes/6)), nil }},
	{"mail-quoted", func() ([]byte, error) {
		return []byte("Content-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.Repeat("=\r\n", fileBytes/3)), nil
	}},
	{"mail-messages", func() ([]byte, error) {
		one := "Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\nFrom: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nx\r\n\r\n"
		return []byte(strings.Repeat(one, fileBytes/len(one))), nil
	}},
	{"mail-zip-mail", func() ([]byte, error) {
		data := []byte("innermost")
		for i := range 8 {
			data = archiveOf(fmt.Sprintf("%d.eml", i), stored(mail("text", "a.zip", data)), stored(noise(1_500_000, uint64(i))))
		}
		return mail("text", "a.zip", data), nil
	}},
	// Cheap bytes that become many of those that cost most.
	attached("nested-gzip-tables", "a.zip", func() []byte { return nested("a%d.gz", gzipOf(tables(95<<20, false))) }),
	attached("nested-bzip2-trees", "a.zip", func() []byte { return nested("a%d.bz2", bzip2Trees(95<<20)) }),
	attached("nested-shrink-clears", "a.zip", func() []byte {
		var w lowBits
		for len(w.out) < 95<<20 {
			w.put('a', 9)
			w.put(256, 9)
			w.put(2, 9)
		}
		return nested("a%d.zip", oneMember(1, w.bytes()))
	}),
	attached("nested-lz4-blocks", "a.zip", func() []byte {
		return nested("a%d.lz4", slices.Concat([]byte("\x04\x22\x4d\x18\x40\x70\xdf"), fill([]byte("\x01\x00\x00\x80a"), 95<<20)))
	}),
	attached("nested-pdf", "a.zip", func() []byte { return nested("a%d.pdf", pdfOf(slices.Repeat([]string{"<</A[1 2 3]>>"}, 1_000_000)...)) }),
	attached("nested-html", "a.zip", func() []byte {
		return nested("a%d.html", append([]byte("<html>"), fill([]byte("data:,data:;base64,data:"), 95<<20)...))
	}),
	attached("nested-rar-tables", "a.zip", func() []byte { return nested("a%d.rar", rar4(rar4File{method: 0x33, data: rar3Tables(95 << 20)})) }),
	attached("nested-text", "a.zip", func() []byte { return nested("a%d.txt", fill([]byte("some words of a text that goes on\r\n"), 95<<20)) }),
}

const mailHead = "From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n"

// nested is an archive of four files of some 95 MiB each that deflate well.
func nested(name string, data []byte) []byte {
	var all []entry
	for i := range 4 {
		one := append(slices.Clone(data), byte(i))
		all = append(all, entry{name: fmt.Sprintf(name, i), method: 8, data: deflateOf(one), size: len(one)})
	}
	return archiveOf("", all...)
}
