package html

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// zipped is what smugglers hide.
var zipped = "PK\x03\x04" + archivetest.Payload

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// entities writes each character of a text as an entity.
func entities(s string) (out string) {
	for i, c := range []byte(s) {
		out += fmt.Sprintf([]string{"&#%d;", "&#x%x;", "&#%03d", "&#X%X;"}[i%4], c)
		if i%4 == 2 && i+1 < len(s) && text.HexDigit(int(s[i+1])) >= 0 {
			out += ";"
		}
	}
	return out
}

func percents(s string) (out string) {
	for _, c := range []byte(s) {
		out += "%" + hex.EncodeToString([]byte{c})
	}
	return out
}

func lines(s, sep string, n int) (out string) {
	for len(s) > n {
		out, s = out+s[:n]+sep, s[n:]
	}
	return out + s
}

// embeddings are texts from which some program gets zipped.
func embeddings() map[string]struct{ text, name string } {
	enc := b64(zipped2())
	uri := "data:application/zip;base64," + enc
	page := func(s string) string { return "<!DOCTYPE html><html><body>" + s + "</body></html>" }
	return map[string]struct{ text, name string }{
		"attribute":      {page(`<a href="` + uri + `">x</a>`), "data-1.zip"},
		"single-quotes":  {page(`<a href=' ` + uri + `'>x</a>`), "data-1.zip"},
		"no-quotes":      {page("<a href=" + uri + " id=q>x</a>"), "data-1.zip"},
		"download":       {page(`<a download="invoice.zip" href="` + uri + `">x</a>`), "invoice.zip"},
		"upper-case":     {page(`<A HREF="DATA:Application/ZIP;BASE64,` + enc + `">x</A>`), "data-1.zip"},
		"css":            {page("<style>a{background:url(" + uri + ")}</style>"), "data-1.zip"},
		"css-quotes":     {page("<style>a{background:url('" + uri + "')}</style>"), "data-1.zip"},
		"parameters":     {page(`<a href="data:text/plain;charset=x;foo=bar ; base64,` + enc + `">`), "data-1.txt"},
		"no-type":        {page(`<a href="data:;base64,` + enc + `">`), "data-1.txt"},
		"entities":       {page(`<a href="` + entities(uri) + `">`), "data-1.zip"},
		"named-entities": {page(`<a href="d&Tab;ata&colon;application&sol;zip&semi;base64&comma;` + strings.ReplaceAll(strings.ReplaceAll(enc, "+", "&plus;"), "=", "&equals;") + `">`), "data-1.zip"},
		"split":          {page(`<a href="da` + "\n\t" + `ta:application/zip;ba` + "\r\n" + `se64,` + lines(enc, "\r\n ", 40) + `">`), "data-1.zip"},
		"percent-base64": {page(`<a href="data:application/zip;base64,` + percents(enc) + `">`), "data-1.zip"},
		"percent":        {page(`<a href="data:application/zip,` + percents(zipped2()) + `">`), "data-1.zip"},
		"script-escapes": {page(`<script>location="data:application\/zip;base64,` + strings.ReplaceAll(enc, "/", `\/`) + `"</script>`), "data-1.zip"},
		"script-hex":     {page(`<script>location="data:application/zip;base64,\x` + hex.EncodeToString([]byte(enc[:1])) + `\u00` + hex.EncodeToString([]byte(enc[1:2])) + enc[2:] + `"</script>`), "data-1.zip"},
		"concatenated":   {page(`<script>location="data:application/zip;base64,"+"` + lines(enc, `"+"`, 40) + `"</script>`), "data-1.zip"},
		"quoted-entity":  {page(`<p onclick="location=&quot;` + uri + `&quot;">`), "data-1.zip"},
		"svg":            {`<svg xmlns="http://www.w3.org/2000/svg"><image href="` + uri + `"/></svg>`, "data-1.zip"},
		"xml":            {`<?xml version="1.0"?><x>` + uri + `</x>`, "data-1.zip"},
		"late":           {page(strings.Repeat("<p>text</p>", 150_000) + `<a href="` + uri + `">`), "data-1.zip"},
		"decoy":          {page(`<p title='"data:,'><a href='` + uri + `'>`), "data-2.zip"},
		"atob":           {page("<script>var b=atob('" + enc + "')</script>"), "data-1.bin"},
		"atob-lines":     {page("<script>atob(`" + lines(enc, "\n", 76) + "`)</script>"), "data-1.bin"},
		"atob-plus":      {page(`<script>atob("` + lines(enc, "\"+ \n\"", 70) + `")</script>`), "data-1.bin"},
		"atob-array":     {page(`<script>atob(["` + lines(enc, `", "`, 64) + `"].join(""))</script>`), "data-1.bin"},
		"hidden-text":    {page("<pre id=p>\n" + lines(enc, "\n", 76) + "\n</pre>"), "data-1.bin"},
		"script-file":    {"var p = atob('" + enc + "');", "data-1.bin"},
		"powershell":     {"$x = '" + enc + "'\n[IO.File]::WriteAllBytes('a.zip', [Convert]::FromBase64String($x))\n", "data-1.bin"},
		"basic":          {"s = \"" + lines(enc, "\" & _\r\n\"", 40) + "\"\r\n", "data-1.bin"},
		"bytes":          {"s = (\n  b'" + lines(enc, "'\n  b'", 40) + "'\n)\n", "data-1.bin"},
		"wide":           {"s = L\"" + lines(enc, "\"\n  L\"", 40) + "\";\n", "data-1.bin"},
		"python plus":    {"s = b'" + lines(enc, "' + \\\n  rb'", 40) + "'\n", "data-1.bin"},
		"python":         {"s = (\"" + lines(enc, "\"\n  \"", 40) + "\")\n", "data-1.bin"},
		"json":           {`{"name": "a.zip", "content": "` + enc + `"}`, "data-1.bin"},
		"prose":          {"The file in base64, for your convenience:\n\n" + lines(enc, "\n", 64) + "\n\n(signed)\n", "data-1.bin"},
		"late-text":      {strings.Repeat("a line of a log\n", 80_000) + enc, "data-1.bin"},
		"file":           {lines(enc, "\r\n", 76) + "\r\n", "data-1.bin"},
		"file-one-line":  {enc, "data-1.bin"},
		"ics":            {"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.zip:" + lines(enc, "\r\n ", 60) + "\r\nSUMMARY:x\r\nEND:VEVENT\r\n", "a.zip"},
		"ics-folded":     {"BEGIN:VCALENDAR\r\nATTACH;FMTTYPE=application/zip;ENCO\r\n DING=BASE\r\n 64;VALUE=BINARY:\r\n " + lines(enc, "\r\n\t", 60) + "\r\nEND:VCALENDAR\r\n", "data-1.zip"},
		"vcard":          {"BEGIN:VCARD\nKEY;ENCODING=b:" + enc + "\nEND:VCARD\n", "data-1.bin"},
	}
}

// zipped2 encodes to base64 with all of its alphabet and padding.
func zipped2() string { return zipped + "\xfb\xff\xbf>>>???\xff" }

// detected says whether exactly one of the room's formats is detected.
func detected(text []byte) bool { return len(archivetest.Detected(text, Format, Base64)) == 1 }

func TestEmbedded(t *testing.T) {
	for name, c := range embeddings() {
		t.Run(name, func(t *testing.T) {
			if !detected([]byte(c.text)) {
				t.Error("not detected")
			}
			all, _, err := archivetest.ReadAll(t, Format, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				found = found || g.Data == zipped2() && g.Names[0] == c.name && g.Fault == nil
			}
			if !found || len(all) > 1 && name != "decoy" {
				t.Errorf("%s", archivetest.Listing(all))
			}
		})
	}
}

func TestEmbeddedBenign(t *testing.T) {
	for name, text := range map[string]string{
		"prose":    "<p>Meta data: one, two and three; base64, and data:base64,x are words.</p>",
		"json":     `<script>{"data":"a, b","data: x":"base64,","k":'data:'}</script>`,
		"short":    `<img src="data:image/gif;base64,R0lG">`,
		"token":    `<meta content="` + strings.Repeat("dGhpcyBpcyBhIHRva2Vu", 9) + `">`,
		"keys":     "data: none\n" + strings.Repeat("TVqQAAMAAAAEAAAA//8AALgAAAAAAAAA", 1) + "\n",
		"numbers":  "<p>" + lines(b64(strings.Repeat("MZ\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 20)), "\n", 64),
		"no-comma": `<img src="data:image/gif;base64">` + strings.Repeat("x", 5000),
	} {
		all, _, err := archivetest.ReadAll(t, Format, []byte(text))
		if err != nil || len(all) > 0 {
			t.Errorf("%s: %v %s", name, err, archivetest.Listing(all))
		}
	}
}

// A text in memory is read like any other.
func TestEmbeddedInMemory(t *testing.T) {
	for _, c := range embeddings() {
		text := []byte(c.text)
		all, _, err := archivetest.ReadAll(t, Format, text)
		same, _, sameErr := archivetest.ReadFrom(t, Format, archivetest.Memory{Reader: bytes.NewReader(text), All: text}, int64(len(text)))
		if archivetest.Listing(all) != archivetest.Listing(same) || (err == nil) != (sameErr == nil) {
			t.Errorf("%.60q: %s %v, in memory %s %v", c.text, archivetest.Listing(all), err, archivetest.Listing(same), sameErr)
		}
		if !slices.Equal(archivetest.Detected(text, Format, Base64), archivetest.DetectedIn(archivetest.Memory{Reader: bytes.NewReader(text), All: text}, int64(len(text)), Format, Base64)) {
			t.Errorf("%.60q is of other formats in memory", c.text)
		}
	}
}

func TestEmbeddedNotText(t *testing.T) {
	for _, data := range []string{
		"", "a text: with a colon", "\x00<html data:", zipped,
		strings.Repeat("0123456789abcdef0123456789abcdef\n", 30),               // digests
		strings.Repeat("Abcdefgh1234\n", 30) + "Abcdefgh\nAbcdefgh1234\n",      // words
		strings.Repeat("Abcdefgh12345\n", 30),                                  // no quantums
		b64(strings.Repeat("\xff\xfe\xfd", 300))[:60],                          // short
		"ssh-rsa " + b64(strings.Repeat("\x00\x00\x00\x07ssh-rsa", 30)) + "\n", // a key
	} {
		if _, _, err := archivetest.ReadAll(t, Format, []byte(data)); !errors.Is(err, level.ErrFormat) {
			t.Errorf("%.20q: %v", data, err)
		}
	}
}

// TestEmbeddedOverlap has data that begin within data: each is read, and the cost
// is bounded.
func TestEmbeddedOverlap(t *testing.T) {
	text := "<p>" + strings.Repeat("(data:a/b,", 200_000)
	all, _, err := archivetest.ReadAll(t, Format, []byte(text))
	if !errors.Is(err, level.ErrLimit) || len(all) == 0 {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// htmlFixed is the buffer of Detect, which may have to be made anew.
const htmlFixed = 2 << 20

func FuzzHTML(f *testing.F) {
	for _, c := range embeddings() {
		if len(c.text) < 10_000 {
			f.Add([]byte(c.text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, htmlFixed) })
}

// Whatever the window's place, find looks at each colon, and at each run of base64
// that is long enough and new.
func TestURIPlaces(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"TVqQAAMAAAAEAAAA", "UEsDBBQAAAAIAAAA", "word", " ", "\n", ":", "&colon;", "=", "AAAA", "TVqQ", strings.Repeat("x", 300), "<b>"}
	for range 200 {
		var b strings.Builder
		for n := rnd.IntN(30_000); b.Len() < n; {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		text := b.String()
		w := &walker{src: strings.NewReader(text), size: int64(len(text))}
		var got, want []int
		for w.slide() {
			stop := len(w.win)
			if !w.eof {
				stop -= uriHead
			}
			for w.pos < stop {
				at, _ := w.place(stop)
				if at == stop {
					break
				}
				got = append(got, int(w.base)+at)
			}
			if w.eof {
				break
			}
		}
		for i := range len(text) {
			switch c := text[i]; {
			case c == ':', c == '&':
				want = append(want, i)
			case isAlpha(c) && (i == 0 || !isAlpha(text[i-1])) && magicStart[c] && len(text)-i >= uriRun &&
				strings.IndexFunc(text[i:i+uriRun], func(r rune) bool { return !isAlpha(byte(r)) }) < 0:
				want = append(want, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d places, not %d, in %d bytes", len(got), len(want), len(text))
		}
	}
}

// TestMutatedPages reads pages that were forged and then damaged.
func TestMutatedPages(t *testing.T) {
	var inputs [][]byte
	all := embeddings()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(all[name].text) < 10_000 {
			inputs = append(inputs, []byte(all[name].text))
		}
	}
	archivetest.MutateForged(t, Format, inputs, htmlFixed)
}

func BenchmarkHTML(b *testing.B) {
	enc := b64(archivetest.Text(1 << 20))
	for name, page := range map[string]string{
		"images": "<html>" + strings.Repeat(`<img src="data:image/png;base64,`+enc[:8000]+`">`, 150),
		"text":   "<html>" + strings.Repeat("<p>Some text: of a page; with a=b &amp; more.</p>\n", 25_000),
		"script": "<html><script>var x = '" + enc + "'</script>",
	} {
		b.Run("page="+name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, Format, []byte(page))
			}
		})
	}
}
