package scanner

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

// eicar is the test file of EICAR, put together here so that it never stands whole in
// the tree.
func eicar() string {
	return strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}$`, "EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!", "$H+H*"}, "")
}

// eicarEngine finds the test file where an object is it: not within one.
type eicarEngine struct{}

func (eicarEngine) Name() string { return "eicar" }

func (eicarEngine) Inspect(_ context.Context, obj *Object) ([]Finding, error) {
	b, err := obj.Bytes()
	if err == nil && bytes.HasPrefix(b, []byte(eicar())) {
		return []Finding{{Signature: "Test.EICAR", Class: ClassMalicious}}, nil
	}
	return nil, err
}

func zlibOf(body string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(body))
	w.Close()
	return b.String()
}

// snappyOf is a stream of one chunk, stored.
func snappyOf(body string) string {
	sum := crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli))
	chunk := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4)<<8|1)
	chunk = binary.LittleEndian.AppendUint32(chunk, (sum>>15|sum<<17)+0xa282ead8)
	return "\xff\x06\x00\x00sNaPpY" + string(chunk) + body
}

// lzfseOf is a stream of one block, stored.
func lzfseOf(body string) string {
	return "bvx-" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body + "bvx$"
}

// activeMimeOf is Office's wrapping of macros.
func activeMimeOf(body string) string {
	head := make([]byte, 0x32)
	copy(head, "ActiveMime\x00\x00\xf0\x01\x04\x00\x00\x00\xff\xff\xff\xff\x00\x00\x07\xf0")
	head[0x1e] = 4
	return string(head) + zlibOf(body)
}

// warcOf is a web archive of one response.
func warcOf(body string) string {
	block := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.org/run.com\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", len(block), block)
}

// bplistOf is a property list that is one piece of data.
func bplistOf(body string) string {
	b := append([]byte("bplist00\x4f\x11"), byte(len(body)>>8), byte(len(body)))
	b = append(b, body...)
	at := len(b)
	b = append(b, 8, 0, 0, 0, 0, 0, 0, 1, 1)
	for _, n := range []int{1, 0, at} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return string(b)
}

// emlxOf is a message of Apple Mail with an attachment.
func emlxOf(body string) string {
	message := strings.ReplaceAll(mail(part{name: "run.com", body: []byte(body)}), "\r\n", "\n")
	return fmt.Sprintf("%-10d\n%s<?xml version=\"1.0\"?>\n<plist/>\n", len(message), message)
}

// TestPacked has the test file in what is seldom opened, in a mail; and harmless twins
// bring no complaint.
func TestPacked(t *testing.T) {
	s := newScanner(t, Config{Engines: []Engine{eicarEngine{}}})
	for name, pack := range map[string]func(string) string{
		"a.zz": zlibOf, "a.sz": snappyOf, "a.lzfse": lzfseOf, "editdata.mso": activeMimeOf, "a.warc": warcOf, "a.webarchive": bplistOf, "1.emlx": emlxOf,
	} {
		t.Run(name, func(t *testing.T) {
			r := scanString(t, s, mail(part{name: name, body: []byte(pack(eicar()))}))
			if r.Verdict != VerdictMalicious {
				t.Errorf("verdict %v, %+v", r.Verdict, uncheckedOf(r))
			}
			r = scanString(t, s, mail(part{name: name, body: []byte(pack("a harmless text of about the same length as the other, and no more."))}))
			if r.Verdict != VerdictClean {
				t.Errorf("twin: verdict %v, %+v", r.Verdict, uncheckedOf(r))
			}
		})
	}
}

// TestPackedFlash: what a player makes of a compressed file is an object.
func TestPackedFlash(t *testing.T) {
	body := "\x78\x00\x05\x5f" + marker
	file := "CWS\x0a" + string(binary.LittleEndian.AppendUint32(nil, uint32(8+len(body)))) + zlibOf(body)
	r := scanString(t, newScanner(t, Config{}), mail(part{name: "a.swf", body: []byte(file)}))
	if o := object(t, r, "1/a.swf/1"); r.Verdict != VerdictMalicious || o.Type != "swf" || len(uncheckedOf(r)) > 0 {
		t.Errorf("%v, %s, %+v", r.Verdict, o.Type, uncheckedOf(r))
	}
}

// TestPackedWord has Office's wrapping where Word puts it: in a web archive of MIME parts,
// and in its XML of 2003.
func TestPackedWord(t *testing.T) {
	s := newScanner(t, Config{Engines: []Engine{eicarEngine{}}})
	enc := wrap(base64.StdEncoding.EncodeToString([]byte(activeMimeOf(eicar()))))
	archive := "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"x\"\r\n\r\n--x\r\nContent-Location: file:///C:/a.htm\r\n" +
		"Content-Type: text/html\r\n\r\n<html></html>\r\n--x\r\nContent-Location: file:///C:/a_files/editdata.mso\r\n" +
		"Content-Transfer-Encoding: base64\r\nContent-Type: application/x-mso\r\n\r\n" + enc + "\r\n--x--\r\n"
	xml := `<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">` +
		"<w:docSuppData><w:binData w:name=\"editdata.mso\">" + enc + "</w:binData></w:docSuppData></w:wordDocument>"
	for name, body := range map[string]string{"a.doc": archive, "b.xml": xml} {
		r := scanString(t, s, mail(part{name: name, body: []byte(body)}))
		if r.Verdict != VerdictMalicious {
			t.Errorf("%s: %v", name, r.Verdict)
			for _, o := range r.Objects {
				t.Logf("%q %s %+v", o.Path, o.Type, o.Unchecked)
			}
		}
	}
}
