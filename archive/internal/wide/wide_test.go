package wide

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// encoded writes a text in a form, with a mark or without.
func encoded(t testing.TB, text, form string, marked bool) []byte {
	t.Helper()
	for i := range forms {
		if f := &forms[i]; f.name == form {
			enc := f.enc
			if f.unit == 4 { // UseBOM writes one
				enc = utf32.UTF32(map[bool]utf32.Endianness{true: utf32.BigEndian, false: utf32.LittleEndian}[strings.HasSuffix(form, "be")], utf32.IgnoreBOM)
			}
			b, err := enc.NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			b = bytes.TrimPrefix(b, []byte(f.mark))
			if marked {
				b = append([]byte(f.mark), b...)
			}
			return b
		}
	}
	t.Fatalf("no form %s", form)
	return nil
}

func TestWide(t *testing.T) {
	for _, form := range forms {
		for name, c := range map[string]struct {
			text   string
			marked bool
		}{
			"marked":  {archivetest.Payload, true},
			"bare":    {archivetest.Payload, false},
			"short":   {"ok", true},
			"chinese": {strings.Repeat("漢字かな", 40) + archivetest.Payload, true},
			"paired":  {strings.Repeat("𝒳😀", 300) + archivetest.Payload, true},
			"control": {strings.Repeat("' a comment", 10) + "\x01\x00\r\n" + archivetest.Payload, true},
			"long":    {strings.Repeat("text\r\n", 20_000) + archivetest.Payload, false},
		} {
			t.Run(form.name+"/"+name, func(t *testing.T) {
				data := encoded(t, c.text, form.name, c.marked)
				if !archivetest.Detects(data, Format) {
					t.Error("not detected")
				}
				all, _, err := archivetest.ReadAll(t, Format, data)
				if err != nil || len(all) != 1 || all[0].Data != c.text || all[0].Fault != nil {
					t.Errorf("%v %s", err, archivetest.Listing(all))
				}
				// A byte that is left over, or a lone surrogate, does not lose the rest.
				all, _, err = archivetest.ReadAll(t, Format, append(data, 'x'))
				if err != nil || len(all) != 1 || !strings.HasPrefix(all[0].Data, c.text) {
					t.Errorf("one byte more: %v %s", err, archivetest.Listing(all))
				}
			})
		}
	}
}

func TestNotWide(t *testing.T) {
	for name, data := range map[string]string{
		"empty":     "",
		"mark":      "\xff\xfe",
		"text":      "plain text in UTF-8, \xc3\xa4\xc3\xb6\xc3\xbc",
		"mp3":       "\xff\xfe\x90\x44\x00\x00\x00\x03\x48\x00\x00\x01" + strings.Repeat("\x00\x1f\x02", 99),
		"zeros":     strings.Repeat("\x00", 4096),
		"numbers":   "\x01\x00\x02\x00\x03\x00\x04\x00",
		"surrogate": "\xff\xfe" + strings.Repeat("\x00\xd8", 50),
		"bare":      "a\x00b\x00\x07\x00c\x00d\x00",
	} {
		if archivetest.Detects([]byte(data), Format) {
			t.Errorf("%s: detected", name)
		}
		if _, _, err := archivetest.ReadAll(t, Format, []byte(data)); !errors.Is(err, level.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// wideFixed is for the buffers of the decoder.
const wideFixed = 1 << 20

func FuzzWide(f *testing.F) {
	for _, form := range forms {
		for _, marked := range []bool{true, false} {
			f.Add(encoded(f, "WScript.Echo \"𝒳\"\r\n", form.name, marked)) // not bare in all forms
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, wideFixed) })
}
