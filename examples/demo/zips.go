package main

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
)

// zipIn returns a zip with one member.
func zipIn(name string, content []byte) ([]byte, error) {
	return zipOf(map[string]string{name: string(content)}, name)
}

func zipOf(files map[string]string, order ...string) ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range order {
		w, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return buf.Bytes(), err
}

// docx returns the smallest document that Word opens.
func docx(text string) ([]byte, error) {
	const xml = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	return zipOf(map[string]string{
		"[Content_Types].xml": xml + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels": xml + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml": xml + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">` +
			`<w:body><w:p><w:r><w:t>` + text + `</w:t></w:r></w:p></w:body></w:document>`,
	}, "[Content_Types].xml", "_rels/.rels", "word/document.xml")
}

// encryptedZip returns a zip with one stored member under the traditional
// encryption of PKWARE's APPNOTE, section 6.1, which every unpacker knows.
func encryptedZip(name string, content []byte, password string) []byte {
	sum := crc32.ChecksumIEEE(content)
	keys := newZipKeys(password)
	plain := make([]byte, 12, 12+len(content))
	rand.Read(plain)
	plain[11] = byte(sum >> 24) // by this the unpacker knows a wrong password
	body := keys.encrypt(append(plain, content...))

	// What local header and directory have in common: version 2.0, flag bit 0
	// (encrypted), stored, 1 January 2004, CRC, sizes, length of the name.
	var common []byte
	le := binary.LittleEndian
	for _, v := range []uint16{20, 1, 0, 0, 24<<9 | 1<<5 | 1} {
		common = le.AppendUint16(common, v)
	}
	for _, v := range []int{int(sum), len(body), len(content), len(name)} {
		common = le.AppendUint32(common, uint32(v)) // the name's length with that of the empty extra field
	}
	out := append([]byte("PK\x03\x04"), common...)
	out = append(append(out, name...), body...)

	directory := len(out)
	out = append(append(out, "PK\x01\x02\x14\x00"...), common...)
	out = append(out, make([]byte, 14)...) // no comment, disk 0, no attributes, offset 0
	out = append(out, name...)

	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0, 1, 0, 1, 0)
	end = le.AppendUint32(end, uint32(len(out)-directory))
	end = le.AppendUint32(end, uint32(directory))
	return append(append(out, end...), 0, 0)
}

// zipKeys are the three keys of the traditional encryption.
type zipKeys [3]uint32

func newZipKeys(password string) *zipKeys {
	k := &zipKeys{0x12345678, 0x23456789, 0x34567890}
	for i := range len(password) {
		k.update(password[i])
	}
	return k
}

func (k *zipKeys) update(b byte) {
	step := func(sum uint32, b byte) uint32 { return crc32.IEEETable[byte(sum)^b] ^ sum>>8 }
	k[0] = step(k[0], b)
	k[1] = (k[1]+k[0]&0xff)*134775813 + 1
	k[2] = step(k[2], byte(k[1]>>24))
}

func (k *zipKeys) encrypt(plain []byte) []byte {
	out := make([]byte, len(plain))
	for i, b := range plain {
		t := k[2] | 2
		out[i] = b ^ byte(t*(t^1)>>8)
		k.update(b)
	}
	return out
}
