package main

import (
	"archive/zip"
	"bytes"
	"testing"
)

// The encrypted zip must be one that unpackers take for one: its directory is
// read by archive/zip, and its body decrypts to what went in.
func TestEncryptedZip(t *testing.T) {
	content := []byte("secret content")
	raw := encryptedZip("a.txt", content, "pw")
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	f := z.File[0]
	offset, err := f.DataOffset()
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "a.txt" || f.Flags&1 == 0 || f.UncompressedSize64 != uint64(len(content)) {
		t.Fatalf("directory: %+v", f.FileHeader)
	}
	body := raw[offset:][:f.CompressedSize64]
	if bytes.Contains(raw, content) {
		t.Fatal("not encrypted")
	}
	k := newZipKeys("pw")
	var plain []byte
	for _, c := range body {
		t := k[2] | 2
		p := c ^ byte(t*(t^1)>>8)
		k.update(p)
		plain = append(plain, p)
	}
	if !bytes.Equal(plain[12:], content) || plain[11] != byte(f.CRC32>>24) {
		t.Fatalf("decrypted to %q", plain)
	}
}
