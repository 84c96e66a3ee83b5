package office

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// ole1Bytes is an object of OLE 1.0.
func ole1Bytes(class string, data []byte) []byte {
	b := append(put32(0x0501), put32(2)...)
	b = append(append(b, put32(uint32(len(class)+1))...), class+"\x00"...)
	b = append(append(b, put32(0)...), put32(0)...)
	b = append(b, put32(uint32(len(data)))...)
	return append(append(b, data...), put32(0x0501)...)
}

func rtfObject(data string) []byte {
	return []byte(`{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}Some text \'e4\par{\object\objemb\objw100{\*\objclass Package}{\*\objdata ` +
		data + `}{\result{\pict\wmetafile8 0100090000}}}}`)
}

func packageHex() string {
	return hex.EncodeToString(ole1Bytes("Package", packageBytes("p.js", archivetest.Payload)))
}

func TestRTFPackage(t *testing.T) {
	all, r, err := archivetest.ReadAll(t, RTF, rtfObject(archivetest.RTFLines(packageHex())))
	if err != nil || len(all) != 1 || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	if g := all[0]; g.Data != archivetest.Payload || g.Fault != nil || !slices.Contains(g.Names, "p.js") {
		t.Errorf("%+v", g)
	}
}

// TestRTFObfuscated has an object's data in the ways in which malware writes it.
func TestRTFObfuscated(t *testing.T) {
	digits := packageHex()
	half := len(digits) / 2 &^ 1
	each := func(f func(i int, c byte) string) string {
		var b strings.Builder
		for i := range len(digits) {
			b.WriteString(f(i, digits[i]))
		}
		return b.String()
	}
	raw, _ := hex.DecodeString(digits)
	for name, data := range map[string]string{
		"upper case":        strings.ToUpper(digits),
		"blanks":            each(func(_ int, c byte) string { return string(c) + " \t\r\n" }),
		"other letters":     each(func(_ int, c byte) string { return string(c) + "zxq;-" }),
		"control words":     each(func(i int, c byte) string { return string(c) + strings.Repeat(`\ignored-12 `, i%2) }),
		"symbols":           each(func(i int, c byte) string { return string(c) + strings.Repeat(`\~`, i%3) }),
		"groups":            each(func(_ int, c byte) string { return "{" + string(c) + "}" }),
		"empty groups":      each(func(_ int, c byte) string { return "{}" + string(c) }),
		"other destination": digits[:half] + `{\*\unknown 0123456789abcdef{\b 1}}` + digits[half:],
		"picture":           digits[:half] + `{\pict 0123}` + digits[half:],
		"escapes":           digits[:half] + `\'01\'ab` + digits[half:],
		"digit dropped":     digits[:half] + `7\'01` + digits[half:],
		"digit kept":        digits[:half+1] + `\'01` + digits[half+1:],
		"binary":            digits[:half] + fmt.Sprintf(`\bin%d %s`, len(raw)-half/2, raw[half/2:]),
		"binary to drop":    digits[:half] + `\bin4 {}}}` + digits[half:],
		"all binary":        fmt.Sprintf(`\bin%d %s`, len(raw), raw),
		"long word":         `\` + strings.Repeat("a", 3000) + " " + digits,
		"open groups":       strings.Repeat("{", 1000) + digits,
		"no end":            digits[:len(digits)-8] + "{{{",
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := archivetest.ReadAll(t, RTF, rtfObject(data))
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range all {
				if g.Data == archivetest.Payload {
					return
				}
			}
			t.Errorf("%d members without the payload", len(all))
		})
	}
}

func TestRTFHeads(t *testing.T) {
	for _, head := range []string{`{\rtf1`, `{\rt`, `{\rtf99999`, "\r\n {\\rt0", "\xEF\xBB\xBF{\\rtf", `{\RTF1`} {
		all, _, err := archivetest.ReadAll(t, RTF, []byte(head+`\object\objdata `+packageHex()+"}"))
		if err != nil || !archivetest.Holds(all) {
			t.Errorf("%q: %d members, %v", head, len(all), err)
		}
	}
}

func TestRTFObjects(t *testing.T) {
	storage := cfbForge{files: wordFiles()}.bytes()
	for name, c := range map[string]struct {
		object []byte
		want   string
	}{
		"compound file":  {ole1Bytes("Word.Document.8", storage), string(storage)},
		"equation":       {ole1Bytes("Equation.3", []byte(archivetest.Payload)), archivetest.Payload},
		"damaged head":   {append([]byte("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), storage...), string(storage)},
		"no head at all": {[]byte(archivetest.Payload), archivetest.Payload},
		"broken package": {ole1Bytes("package", []byte(archivetest.Payload)), archivetest.Payload},
	} {
		all, _, err := archivetest.ReadAll(t, RTF, rtfObject(hex.EncodeToString(c.object)))
		if err != nil || len(all) != 1 || !strings.HasPrefix(all[0].Data, c.want) {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
	data := []byte(`{\rtf1{\*\datastore ` + hex.EncodeToString(ole1Bytes("Msxml2.SAXXMLReader.6.0", storage)) + `}}`)
	if all, _, err := archivetest.ReadAll(t, RTF, data); err != nil || len(all) != 1 || !strings.HasPrefix(all[0].Data, string(storage)) {
		t.Errorf("datastore: %d members, %v", len(all), err)
	}
}

func TestRTFTemplate(t *testing.T) {
	for address, want := range map[string]bool{
		`C:\\Users\\a\\Normal.dotm`:                    false,
		`Normal.dotm`:                                  false,
		`http://host.example/t.dotm`:                   true,
		`\'68\'74\'74\'70://host.example/t`:            true,
		`\u-65432?\u116?\u116?\u112?\u58?\u47?\u47?x/`: true,
		`\\\\host.example\\share\\t.dotm`:              true,
	} {
		_, r, err := archivetest.ReadAll(t, RTF, []byte(`{\rtf1{\*\template `+address+`}text}`))
		if err != nil || slices.Contains(r.Anomalies(), anomaly.RTFTemplate) != want {
			t.Errorf("%s: %v, %v", address, err, r.Anomalies())
		}
	}
}

// TestRTFNested has objects in objects, so that each is looked through to the end
// of the file: without a bound that is quadratic.
func TestRTFNested(t *testing.T) {
	data := []byte(`{\rtf1` + strings.Repeat(`{\objdata 0000`, 100_000))
	r, err := level.Open(RTF, strings.NewReader(string(data)), int64(len(data)), level.Limits{Members: 1 << 20})
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, level.ErrLimit) {
		t.Errorf("err = %v", err)
	}
}

func FuzzRTF(f *testing.F) {
	f.Add(rtfObject(packageHex()))
	f.Add(rtfObject(packageHex()[:40] + `{\*\x 12}\'01\bin3 abc` + packageHex()[40:]))
	f.Add([]byte(`{\rtf1{\*\template \'68\u116?tp://x}{\*\datastore 0105}}`))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, RTF, data, archivetest.DecoderBytes) })
}
