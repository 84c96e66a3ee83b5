package pdf

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// forge writes a PDF file that may break every rule.
type forge struct {
	bytes.Buffer
	at map[int]int // where objects begin
}

func forgePDF() *forge {
	f := &forge{at: map[int]int{}}
	f.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	f.obj(1, "<</Type/Catalog/Pages 2 0 R>>")
	f.obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	f.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")
	return f
}

// obj writes an object.
func (f *forge) obj(num int, body string) *forge {
	f.at[num] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n%s\nendobj\n", num, body)
	return f
}

// stream writes a stream whose length is as it should be.
func (f *forge) stream(num int, dict, data string) *forge {
	return f.obj(num, fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

// end writes the cross reference table and the trailer.
func (f *forge) end(trailer string) []byte {
	most := 0
	for num := range f.at {
		most = max(most, num)
	}
	at := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", most+1)
	for num := 1; num <= most; num++ {
		if off, ok := f.at[num]; ok {
			fmt.Fprintf(f, "%010d 00000 n \n", off)
		} else {
			f.WriteString("0000000000 65535 f \n")
		}
	}
	fmt.Fprintf(f, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", most+1, trailer, at)
	return f.Bytes()
}

func pdfZlib(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func lzwOf(s string) string {
	// The standard library's codes widen one later than PDF's do by default.
	var b bytes.Buffer
	w := lzw.NewWriter(&b, lzw.MSB, 8)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func a85Of(s string) string {
	b := make([]byte, ascii85.MaxEncodedLen(len(s)))
	return string(b[:ascii85.Encode(b, []byte(s))]) + "~>"
}

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) + ">" }

func runsOf(s string) (out string) {
	for len(s) > 0 {
		n := min(len(s), 128)
		out += string(rune(n-1)) + s[:n]
		s = s[n:]
	}
	return out + "\x80"
}

// pngRows filters a text with each of PNG's filters in turn, in rows of n bytes.
func pngRows(s string, n int) string {
	var out []byte
	prev := make([]byte, n)
	for row := 0; len(s) > 0; row++ {
		cur := []byte(s[:min(n, len(s))])
		s = s[len(cur):]
		tag := byte(row % 5)
		out = append(out, tag)
		for i, c := range cur {
			var left, corner byte
			if i > 0 {
				left, corner = cur[i-1], prev[i-1]
			}
			up := prev[i]
			out = append(out, c-[]byte{0, left, up, byte((int(left) + int(up)) / 2), paeth(int(left), int(up), int(corner))}[tag])
		}
		copy(prev, cur)
	}
	return string(out)
}

// objStm writes an object stream with objects of the given numbers.
func (f *forge) objStm(num int, dict string, objects map[int]string) *forge {
	var head, body string
	for n := 0; n < 1000; n++ {
		if o, ok := objects[n]; ok {
			head += fmt.Sprintf("%d %d ", n, len(body))
			body += o + " "
		}
	}
	return f.stream(num, fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode%s", len(objects), len(head), dict), pdfZlib(head+body))
}

// brokenFlate begins with a copy from before the beginning, which RFC 1951 forbids
// and some viewers decode as zeros.
func brokenFlate(s string) string {
	return "\x78\x9c\x02\x02\x00\x00\x00\x00\xff\xff" + pdfZlib(s)[2:]
}

// spec is a file specification that leads to object 11.
const spec = "<</Type/Filespec/F(a.js)/EF<</F 11 0 R>>>>"

type forgedPDF struct {
	data    []byte
	member  string // in which the marker is
	anomaly string // one that must be there, "": none but the facts
}

// forgedPDFs are files in which some viewer finds the marker.
func forgedPDFs() map[string]forgedPDF {
	js := "app.alert('" + archivetest.Marker + "');"
	file := func(dict, data string) []byte {
		return forgePDF().obj(10, spec).stream(11, "/Type/EmbeddedFile"+dict, data).end("")
	}
	content := func(dict, data string) []byte { return forgePDF().stream(11, dict, data).end("") }
	plain := file("", archivetest.Payload)
	utf16 := ""
	for _, c := range "a.js" {
		utf16 += "00" + hex.EncodeToString([]byte{byte(c)})
	}
	action := "<</S/JavaScript/JS"
	return map[string]forgedPDF{
		"file":               {plain, "a.js", ""},
		"file-flate":         {file("/Filter/FlateDecode", pdfZlib(archivetest.Payload)), "a.js", ""},
		"file-abbreviated":   {file("/Filter[/AHx/Fl]", hexOf(pdfZlib(archivetest.Payload))), "a.js", ""},
		"file-escaped":       {file("/F#69lter/Fl#61teDecode", pdfZlib(archivetest.Payload)), "a.js", anomaly.PDFEscaped},
		"file-85":            {file("/Filter[/ASCII85Decode/FlateDecode]", a85Of(pdfZlib(archivetest.Payload))), "a.js", ""},
		"file-lzw-late":      {file("/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>", lzwOf(archivetest.Payload)), "a.js", ""},
		"file-runlength":     {file("/Filter/RunLengthDecode", runsOf(archivetest.Payload)), "a.js", ""},
		"file-png":           {file("/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 7>>", pdfZlib(pngRows(archivetest.Payload, 7))), "a.js", ""},
		"file-parms-array":   {file("/Filter[/ASCIIHexDecode/FlateDecode]/DecodeParms[null<</Predictor 12/Columns 7>>]", hexOf(pdfZlib(pngRows(archivetest.Payload, 7)))), "a.js", ""},
		"file-filter-ref":    {forgePDF().obj(10, spec).obj(12, "/FlateDecode").stream(11, "/Filter 12 0 R", pdfZlib(archivetest.Payload)).end(""), "a.js", ""},
		"file-filter-late":   {forgePDF().obj(10, spec).stream(11, "/Filter[12 0 R]", pdfZlib(archivetest.Payload)).obj(12, "/FlateDecode").end(""), "a.js", ""},
		"file-parms-ref":     {forgePDF().obj(10, spec).stream(11, "/Filter/Fl/DecodeParms 12 0 R", pdfZlib(pngRows(archivetest.Payload, 7))).obj(12, "<</Predictor 15/Columns 7>>").end(""), "a.js", ""},
		"file-two-filters":   {file("/Filter/Foo/Filter/FlateDecode", pdfZlib(archivetest.Payload)), "a.js", ""},
		"file-untyped":       {forgePDF().stream(11, "", archivetest.Payload).obj(10, spec).end(""), "a.js", ""},
		"file-unlinked":      {forgePDF().stream(11, "/Type/EmbeddedFile", archivetest.Payload).end(""), "embedded-11", ""},
		"file-name-hex":      {forgePDF().stream(11, "", archivetest.Payload).obj(10, "<</UF<FEFF"+utf16+">/EF<</UF 11 0 R>>>>").end(""), "a.js", ""},
		"file-name-ref":      {forgePDF().obj(10, "<</F 12 0 R/EF 13 0 R>>").stream(11, "", archivetest.Payload).obj(12, "(a.js)").obj(13, "<</F 11 0 R>>").end(""), "a.js", ""},
		"file-name-escapes":  {forgePDF().obj(10, `<</F(\141\.\j\`+"\r\n"+`s)/EF<</DOS 11 0 R>>>>`).stream(11, "", archivetest.Payload).end(""), "a.js", ""},
		"file-related":       {forgePDF().obj(10, "<</F(a.js)/RF<</F[(x)11 0 R]>>>>").stream(11, "", archivetest.Payload).end(""), "a.js", ""},
		"file-in-objstm":     {forgePDF().objStm(20, "", map[int]string{10: spec, 15: "<<>>"}).stream(11, "", archivetest.Payload).end(""), "a.js", ""},
		"objstm-untyped":     {bytes.Replace(forgePDF().objStm(20, "", map[int]string{10: spec}).stream(11, "", archivetest.Payload).end(""), []byte("/Type/ObjStm"), []byte("/Tipe/ObjStm"), 1), "a.js", ""},
		"objstm-misaligned":  {forgePDF().stream(20, "/Type/ObjStm/N 2/First 12", "9 0 10 1 "+"   "+"("+spec+")").stream(11, "", archivetest.Payload).end(""), "a.js", ""},
		"objstm-first-zero":  {forgePDF().stream(20, "/Type/ObjStm/N 1/First 0", "10 6  "+spec).stream(11, "", archivetest.Payload).end(""), "a.js", ""},
		"objstm-same-place":  {forgePDF().stream(20, "/Type/ObjStm/N 2/First 9", "9 0 10 0 "+"(a.js)").obj(12, "<</F 10 0 R/EF<</F 11 0 R>>>>").stream(11, "", archivetest.Payload).end(""), "a.js", ""},
		"length-ref":         {forgePDF().obj(10, spec).obj(11, "<</Length 12 0 R>>stream\nendstream fake "+archivetest.Payload+"\nendstream").obj(12, fmt.Sprint(len(archivetest.Payload)+15)).end(""), "a.js", ""},
		"length-short":       {bytes.Replace(plain, []byte(fmt.Sprintf("/Length %d", len(archivetest.Payload))), []byte("/Length 3"), 1), "a.js", ""},
		"length-long":        {bytes.Replace(plain, []byte(fmt.Sprintf("/Length %d", len(archivetest.Payload))), []byte("/Length 99999999"), 1), "a.js", ""},
		"length-negative":    {bytes.Replace(plain, []byte(fmt.Sprintf("/Length %d", len(archivetest.Payload))), []byte("/Length -7"), 1), "a.js", ""},
		"length-true-fake":   {forgePDF().obj(10, spec).obj(11, fmt.Sprintf("<</Length %d>>stream\nendstream %s\nendstreax", len(archivetest.Payload)+10, archivetest.Payload)).end(""), "a.js", ""},
		"length-then-search": {forgePDF().obj(10, spec).obj(11, fmt.Sprintf("<</Length 20>>stream\nendstream %s\nendstream", archivetest.Payload)).end(""), "a.js", ""},
		"length-none":        {bytes.Replace(plain, []byte("/Length"), []byte("/Langth"), 1), "a.js", ""},
		"stream-cr":          {bytes.Replace(plain, []byte("stream\n"), []byte("stream\r"), 1), "a.js", ""},
		"stream-spaces":      {bytes.Replace(plain, []byte("stream\n"), []byte("stream  \r\n"), 1), "a.js", ""},
		"stream-junk":        {bytes.Replace(plain, []byte("stream\n"), []byte("stream<<\n"), 1), "a.js", ""},
		"word-in-dict":       {file("/Filter/FlateDecode xref /A", pdfZlib(archivetest.Payload)), "a.js", ""},
		"no-endstream":       {plain[:bytes.Index(plain, []byte("endstream"))-1], "a.js", anomaly.Truncated},
		"truncated-flate":    {content("/Filter/FlateDecode", pdfZlib(archivetest.Payload + archivetest.Text(500))[:100]), "content", anomaly.PDFDamaged},
		"flate-distance":     {file("/Filter/FlateDecode", brokenFlate(archivetest.Payload)), "a.js", anomaly.PDFDamaged},
		"content-distance":   {content("/Filter/FlateDecode", brokenFlate(archivetest.Payload)), "content", anomaly.PDFDamaged},
		"raw-deflate":        {content("/Filter/FlateDecode", pdfZlib(archivetest.Payload)[2:]), "content", ""},
		"flate-newline":      {content("/Filter/FlateDecode", "\r\n"+pdfZlib(archivetest.Payload)), "content", ""},
		"flate-checksum":     {content("/Filter/FlateDecode", pdfZlib(archivetest.Payload)[:len(pdfZlib(archivetest.Payload))-4]), "content", ""},
		"content":            {content("/Filter/FlateDecode", pdfZlib(archivetest.Payload)), "content", ""},
		"content-in-objstm":  {forgePDF().objStm(20, "", map[int]string{10: "(" + archivetest.Payload + ")"}).end(""), "content", ""},
		"js-string":          {forgePDF().obj(10, action+"("+js+")>>").end(""), "script-10.js", ""},
		"js-open-action":     {forgePDF().obj(10, "<</OpenAction"+action+"("+js+")>>>>").end(""), "script-10.js", ""},
		"js-hex":             {forgePDF().obj(10, action+"<"+hexOf(js)+">").end(""), "script-10.js", ""},
		"js-utf16":           {forgePDF().obj(10, action+"<FEFF"+utf16Hex(js)+">>>").end(""), "script-10.js", ""},
		"js-escaped-key":     {forgePDF().obj(10, "<</S/J#61vaScript/#4a#53("+js+")>>").end(""), "script-10.js", anomaly.PDFEscaped},
		"js-stream":          {forgePDF().obj(10, action+" 11 0 R>>").stream(11, "/Filter/FlateDecode", pdfZlib(js)).end(""), "script-11.js", ""},
		"js-stream-before":   {forgePDF().stream(11, "/Filter/FlateDecode", pdfZlib(js)).obj(12, action+" 11 0 R>>").end(""), "script-11.js", ""},
		"js-ref":             {forgePDF().obj(10, action+" 12 0 R>>").obj(12, "("+js+")").end(""), "script-12.js", ""},
		"js-ref-in-objstm":   {forgePDF().obj(10, action+" 12 0 R>>").objStm(20, "", map[int]string{12: "(" + js + ")", 13: "7"}).end(""), "script-12.js", ""},
		"js-deep":            {forgePDF().obj(10, strings.Repeat("[<</K ", 100)+action+"("+js+")>>"+strings.Repeat(">>]", 100)).end(""), "script-10.js", ""},
		"js-unbalanced":      {forgePDF().obj(10, "<</A[<</B["+action+"("+js+")>>").end(""), "script-10.js", ""},
		"xfa":                {forgePDF().obj(10, "<</XFA[(template)11 0 R(end)12 0 R]>>").stream(11, "/Filter/FlateDecode", pdfZlib(archivetest.Payload)).stream(12, "", "x").end(""), "xfa-11.xml", ""},
		"xfa-ref":            {forgePDF().obj(10, "<</XFA 13 0 R>>").stream(11, "/Filter/FlateDecode", pdfZlib(archivetest.Payload)).obj(13, "[(t) 11 0 R]").end(""), "xfa-11.xml", ""},
		"3d":                 {forgePDF().stream(11, "/Type/3D/Subtype/U3D", archivetest.Payload).end(""), "3d-11", ""},
		"prefix":             {append([]byte("junk before\n"), plain...), "a.js", anomaly.Prepended},
		"no-header":          {plain[9:], "a.js", ""},
		"no-xref":            {plain[:bytes.Index(plain, []byte("xref\n"))], "a.js", anomaly.Truncated},
		"numbers-commented":  {bytes.Replace(plain, []byte("11 0 obj"), []byte("11 % 7\n 0 %\robj"), 1), "a.js", ""},
		"glued-numbers":      {bytes.Replace(plain, []byte("11 0 obj\n"), []byte("11 0obj"), 1), "a.js", ""},
		"inside-stream":      {forgePDF().stream(5, "", string(plain[15:])).end(""), "a.js", ""},
		"update":             {append(bytes.Clone(plain), "11 0 obj\n<</Type/EmbeddedFile/Length 5>>stream\nhello\nendstream\nendobj\nstartxref\n0\n%%EOF\n"...), "a.js", ""},
		"appended":           {append(bytes.Clone(plain), "PK\x03\x04"...), "a.js", anomaly.Appended},
		"inline-key":         {content("/F/Fl", pdfZlib(archivetest.Payload)), "content", ""},
	}
}

func utf16Hex(s string) (out string) {
	for _, c := range s {
		out += fmt.Sprintf("%04x", c)
	}
	return out
}

// facts are anomalies that honest files have.
var facts = map[string]bool{anomaly.PDFJavaScript: true, anomaly.PDFEmbedded: true, anomaly.PDFOpenAction: true, anomaly.PDFEncrypted: true}

func TestPDFForged(t *testing.T) {
	for name, c := range forgedPDFs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, c.data)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				found = found || strings.Contains(g.Data, archivetest.Marker) && g.Names[0] == c.member
				if g.Fault != nil {
					t.Errorf("%q: %v", g.Names, g.Fault)
				}
			}
			if !found {
				t.Errorf("the marker is not in %q: %s", c.member, archivetest.Listing(all))
			}
			checkNotes(t, archivetest.NoteNames(all, r), c.anomaly)
		})
	}
}

// checkNotes fails if an anomaly is missing, or if there is one beside the facts
// where there should be none.
func checkNotes(t *testing.T, notes []string, want string) {
	t.Helper()
	found := want == ""
	for _, n := range notes {
		found = found || n == want
		if want == "" && !facts[n] {
			t.Errorf("anomaly %s", n)
		}
	}
	if !found {
		t.Errorf("anomalies %v, want %s", notes, want)
	}
}
