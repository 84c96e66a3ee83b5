package scanner

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// fatDisk is a disk whose only partition is a FAT12 volume with one file.
func fatDisk(name, body string) []byte {
	le := binary.LittleEndian
	v := make([]byte, 64<<10)
	copy(v, "\xeb\x3c\x90mkfs.fat")
	le.PutUint16(v[11:], 512)
	v[13], v[14], v[16], v[17], v[19], v[21], v[22] = 8, 1, 1, 16, 128, 0xf8, 1
	v[510], v[511] = 0x55, 0xaa
	copy(v[512:], "\xf8\xff\xff\xff\x0f\x00")
	copy(v[1024:], name)
	v[1024+26] = 2
	le.PutUint32(v[1024+28:], uint32(len(body)))
	copy(v[1536:], body)
	disk := make([]byte, 512)
	disk[446+4], disk[446+8] = 0x01, 1
	le.PutUint32(disk[446+12:], 128)
	disk[510], disk[511] = 0x55, 0xaa
	return append(disk, v...)
}

// vhdOf makes a fixed virtual disk of it.
func vhdOf(disk []byte) []byte {
	footer := make([]byte, 512)
	copy(footer, "conectix")
	binary.BigEndian.PutUint64(footer[48:], uint64(len(disk)))
	binary.BigEndian.PutUint32(footer[60:], 2)
	return append(bytes.Clone(disk), footer...)
}

// elfHeader is a program without segments and sections, which ends there.
func elfHeader() []byte {
	b := make([]byte, 52)
	copy(b, "\x7fELF\x01\x01\x01")
	b[40] = 52
	return b
}

func gzipOf(t testing.TB, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDiskInMail(t *testing.T) {
	s := newScanner(t, Config{})
	for name, image := range map[string][]byte{
		"a.img": fatDisk("INVOICE JS ", marker),
		"a.vhd": vhdOf(fatDisk("INVOICE JS ", marker)),
		"a.bin": append(elfHeader(), gzipOf(t, marker)...),
	} {
		msg := "Content-Type: application/octet-stream; name=" + name + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString(image) + "\r\n"
		r, err := s.Scan(context.Background(), strings.NewReader(msg))
		if err != nil || r.Verdict != VerdictMalicious {
			t.Errorf("%s: %v, %v", name, r.Verdict, err)
		}
		if !slices.ContainsFunc(r.Objects, func(o *Object) bool { return strings.HasSuffix(o.Path, "INVOICE.JS") && len(o.Findings) > 0 }) && name != "a.bin" {
			t.Errorf("%s: the file is not among the objects", name)
		}
	}
}
