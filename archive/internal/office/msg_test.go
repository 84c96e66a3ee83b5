package office

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// property is the name of the stream of an Outlook message's property.
func property(id, typ uint16) string { return fmt.Sprintf("__substg1.0_%04X%04X", id, typ) }

// lzfuPack compresses RTF with the longest repetitions of the window.
func lzfuPack(text string) []byte {
	window := lzfuDictionary + text
	var body []byte
	at := len(lzfuDictionary)
	for done := false; !done; {
		flags := len(body)
		body = append(body, 0)
		for bit := range 8 {
			if at == len(window) {
				body[flags] |= 1 << bit
				body = binary.BigEndian.AppendUint16(body, uint16(at%lzfuWindow)<<4)
				done = true
				break
			}
			from, length := 0, 0
			for o := max(0, at-lzfuWindow+1); o < at; o++ {
				n := 0
				for at+n < len(window) && n < 17 && window[o+n] == window[at+n] {
					n++
				}
				if n > length {
					from, length = o, n
				}
			}
			if length < 2 {
				body = append(body, window[at])
				at++
				continue
			}
			body[flags] |= 1 << bit
			body = binary.BigEndian.AppendUint16(body, uint16(from%lzfuWindow)<<4|uint16(length-2))
			at += length
		}
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+12))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
	out = append(out, "LZFu"...)
	return append(binary.LittleEndian.AppendUint32(out, lzfuSum(body)), body...)
}

// lzfuSum is the checksum of [MS-OXRTFCP], bit by bit.
func lzfuSum(b []byte) (sum uint32) {
	for _, c := range b {
		sum ^= uint32(c)
		for range 8 {
			sum = sum>>1 ^ 0xEDB88320*(sum&1)
		}
	}
	return sum
}

const rtfText1 = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}}\\par " + archivetest.Marker + "\\par " + archivetest.Marker + "}"

// msgFiles are the streams of a message with two attachments, of which one is a
// message with an attachment of its own.
func msgFiles() []cfbFile {
	props := func(n int) []byte {
		b := make([]byte, n)
		b = append(b, "\x03\x00\xFD\x3F\x06\x00\x00\x00\xE3\x04\x00\x00\x00\x00\x00\x00"...) // code page 1251
		return b
	}
	files := []cfbFile{
		{"__nameid_version1.0|__substg1.0_00020102", make([]byte, 64)},
		{"__properties_version1.0", props(32)},
		{property(mapiHeaders, mapiUnicode), text.UTF16Bytes("From: a@example.org\r\n")},
		{property(mapiBody, mapiUnicode), text.UTF16Bytes("body with an ä and the " + archivetest.Marker)},
		{property(mapiHTML, mapiBinary), []byte("<html>" + archivetest.Marker)},
		{property(mapiRTF, mapiBinary), lzfuPack(rtfText1)},
		{property(0x3001, mapiUnicode), text.UTF16Bytes("a name")},
	}
	attach := func(n int, more ...cfbFile) {
		for _, f := range append(more, cfbFile{msgProperties, props(8)}) {
			files = append(files, cfbFile{fmt.Sprintf("__attach_version1.0_#%08X|%s", n, f.path), f.data})
		}
	}
	attach(0,
		cfbFile{property(mapiFileName, mapiString8), []byte("\xCF\xF0\xE8\xE2~1.js")},
		cfbFile{property(mapiLongName, mapiUnicode), text.UTF16Bytes("Привет мир.js")},
		cfbFile{property(mapiAttachData, mapiBinary), []byte(archivetest.Payload)})
	inner := property(mapiAttachData, mapiObject) + "|"
	attach(1,
		cfbFile{property(mapiDisplayName, mapiUnicode), text.UTF16Bytes("forwarded")},
		cfbFile{inner + msgProperties, props(24)},
		cfbFile{inner + property(mapiBody, mapiString8), []byte("inner text")},
		cfbFile{inner + "__attach_version1.0_#00000000|" + property(mapiLongName, mapiString8), []byte("in.js\x00")},
		cfbFile{inner + "__attach_version1.0_#00000000|" + property(mapiAttachData, mapiBinary), []byte(archivetest.Payload + "inner")})
	attach(2,
		cfbFile{property(mapiDisplayName, mapiUnicode), text.UTF16Bytes("sheet")},
		cfbFile{inner + "\x01Ole10Native", packageStream("o.js", archivetest.Payload+"object")})
	return files
}

func TestOutlookMessage(t *testing.T) {
	all, r, err := archivetest.ReadAll(t, OLE, cfbForge{files: msgFiles()}.bytes())
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%v, %v", err, archivetest.NoteNames(all, r))
	}
	for name, want := range map[string]string{
		"headers.txt":        "From: a@example.org\r\n",
		"body.txt":           "body with an ä and the " + archivetest.Marker,
		"body.html":          "<html>" + archivetest.Marker,
		"body.rtf":           rtfText1,
		"Привет мир.js":      archivetest.Payload,
		"При" + "в~1.js":     archivetest.Payload,
		"forwarded/body.txt": "inner text",
		"forwarded/in.js":    archivetest.Payload + "inner",
		"in.js":              archivetest.Payload + "inner",
		"o.js":               archivetest.Payload + "object",
	} {
		if g := archivetest.Find(all, name); g == nil || g.Data != want || g.Fault != nil {
			t.Errorf("%s: %+v", name, g)
		}
	}
	if len(all) != 9 { // those, and the object's stream as it stands
		for _, g := range all {
			t.Errorf("member %q", g.Names)
		}
	}
}

func TestCompressedRTF(t *testing.T) {
	long := strings.Repeat("{\\b some text "+archivetest.Marker+"}\r\n", 2000)
	good := lzfuPack(long)
	for name, c := range map[string]struct {
		data    []byte
		anomaly string
		bad     bool
	}{
		"good":        {good, "", false},
		"wrong sum":   {append(append(bytes.Clone(good[:12]), 1, 2, 3, 4), good[16:]...), anomaly.CRC, false},
		"wrong size":  {append(append(bytes.Clone(good[:4]), 1, 0, 0, 0), good[8:]...), anomaly.Size, false},
		"no end mark": {good[:len(good)-2], anomaly.CRC, false},
		"cut":         {good[:len(good)/2], "", true},
		"stored":      {append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00MELA\x00\x00\x00\x00"), long...), "", false},
	} {
		files := []cfbFile{{msgProperties, make([]byte, 32)}, {property(mapiRTF, mapiBinary), c.data}}
		all, _, err := archivetest.ReadAll(t, OLE, cfbForge{files: files}.bytes())
		if err != nil || len(all) != 1 {
			t.Errorf("%s: %d members, %v", name, len(all), err)
			continue
		}
		g := all[0]
		if !strings.Contains(g.Data, archivetest.Marker) || !c.bad && g.Data != long || (g.Fault != nil) != c.bad {
			t.Errorf("%s: %d bytes of %d, %v", name, len(g.Data), len(long), g.Fault)
		}
		if c.anomaly != "" && !slices.Contains(g.Anomalies, c.anomaly) || c.anomaly == "" && !c.bad && len(g.Anomalies) > 0 {
			t.Errorf("%s: anomalies %v", name, g.Anomalies)
		}
	}
}
