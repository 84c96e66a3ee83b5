package scanner

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
	"unicode/utf16"
)

// TestEmbeddedPayloadIsFound has a payload that only a viewer or a browser gets
// out of a document.
func TestEmbeddedPayloadIsFound(t *testing.T) {
	s := newScanner(t, Config{})
	inner := zipped(t, part{name: "run.txt", body: []byte("x" + marker)})
	enc := base64.StdEncoding.EncodeToString(inner)
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	fmt.Fprint(w, "BT ", marker, " ET")
	w.Close()
	pdf := fmt.Sprintf("%%PDF-1.4\n1 0 obj\n<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n%%%%EOF\n", packed.Len(), packed.String())
	file := fmt.Sprintf("%%PDF-1.4\n1 0 obj\n<</F(a.zip)/EF<</F 2 0 R>>>>\nendobj\n2 0 obj<</Length %d>>stream\n%s\nendstream\nendobj\n%%%%EOF\n", len(inner), inner)

	var wide []byte
	for _, u := range utf16.Encode([]rune("\uFEFFWScript.Echo \"" + marker + "\"\r\n")) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	uu := "#!/bin/sh\nuudecode <<'EOF'\nbegin-base64 644 a.zip\n" + enc + "\n====\nEOF\n"
	texts := zipped(t, part{name: "a.js", body: wide}, part{name: "a.sh", body: []byte(uu)})

	for _, tt := range []struct{ name, body, path string }{
		{"a.pdf", pdf, "1/a.pdf/content"},
		{"b.pdf", file, "1/b.pdf/a.zip/run.txt"},
		{"a.html", `<html><a href="data:application/zip;base64,` + enc + `">x</a></html>`, "1/a.html/data-1.zip/run.txt"},
		{"b.html", `<html><script>go(atob("` + enc + `"))</script></html>`, "1/b.html/data-1.bin/run.txt"},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><a href="data:application/zip;base64,` + enc + `"/></svg>`, "1/a.svg/data-1.zip/run.txt"},
		{"a.ics", "BEGIN:VCALENDAR\r\nATTACH;ENCODING=BASE64;FILENAME=a.zip:" + enc + "\r\nEND:VCALENDAR\r\n", "1/a.ics/a.zip/run.txt"},
		{"a.ps1", "$x = '" + enc + "'\n[Convert]::FromBase64String($x)\n", "1/a.ps1/data-1.bin/run.txt"},
		{"a.b64", enc, "1/a.b64/data-1.bin/run.txt"},
		{"a.sh", uu, "1/a.sh/1.1/a.zip/run.txt"},
		{"a.zip", string(texts), "1/a.zip/a.js/text"},
		{"b.zip", string(texts), "1/b.zip/a.sh/1.1/a.zip/run.txt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := scanString(t, s, mail(part{name: tt.name, body: []byte(tt.body)}))
			if r.Verdict != VerdictMalicious {
				t.Errorf("verdict %v, %+v", r.Verdict, reasons(r))
			}
			if o := object(t, r, tt.path); len(o.Findings) != 1 {
				t.Errorf("findings %+v", o.Findings)
			}
		})
	}
}
