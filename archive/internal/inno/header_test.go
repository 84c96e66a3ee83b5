package inno

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// mainHeader is the main header of a version, as innoextract reads it.
func (m *maker) mainHeader(locations int) []byte {
	v := m.version
	var b bytes.Buffer
	if v < 10300 {
		archivetest.Put(&b, uint32(0))
	}
	for range m.headerStrings() {
		b.Write(m.text("text"))
	}
	if v >= 50205 {
		for _, s := range []string{"license", "before", "after"} {
			b.Write(m.bytes(s))
		}
		if v < 50310 {
			b.Write(m.bytes("signature"))
		}
		b.Write(m.bytes("IFPS compiled code"))
	}
	if v >= 20006 && !m.unicode {
		b.Write(make([]byte, 32)) // lead bytes
	}
	m.counts(&b, locations)
	m.fixedHeader(&b)
	if v >= 20001 && v < 40000 {
		for range 5 {
			b.Write(m.text("font"))
		}
		b.Write(make([]byte, 6*4))
	}
	if v < 40000 {
		// The images come before the entries here.
		b.Write(m.images())
	}
	return b.Bytes()
}

// headerStrings is the number of strings of the main header, up to those that are not of
// 16 bits.
func (m *maker) headerStrings() int {
	v, n := m.version, 6 // name, name with version, copyright, folder, group, file
	add := func(since version, k int) {
		if v >= since {
			n += k
		}
	}
	add(10300, 6) // identifier, publisher and where, support, updates, version
	add(50113, 1)
	if v < 30000 {
		n++ // the uninstaller's icon
	}
	if v < 50205 {
		add(10300, 3) // texts
	}
	add(10303, 1)
	add(10306, 2)
	add(10314, 1)
	add(30000, 2)
	add(40000, 1)
	if v < 50205 {
		add(40000, 1) // compiled code
	}
	add(40204, 4)
	add(50308, 1)
	add(50310, 1)
	add(50500, 1)
	add(50506, 1)
	add(50601, 2)
	add(60300, 2)
	add(60403, 1)
	add(60500, 1)
	add(60700, 5)
	if v >= 50201 && v < 50205 {
		n++ // signature
	}
	if m.extended {
		n += 2 // serial number, compiled code
	}
	return n
}

// counts are the numbers of entries.
func (m *maker) counts(b *bytes.Buffer, locations int) {
	v := m.version
	n := 0
	for _, since := range []version{40000, 40201, 40100, 20000, 20000, 20000, 0} {
		if v >= since {
			n++ // languages, messages, permissions, types, components, tasks, folders
		}
	}
	if v >= 60500 {
		n++ // keys
	}
	if m.narrow {
		archivetest.Put(b, make([]uint16, n), uint16(len(m.files)), uint16(locations), make([]uint16, 7+3))
		return
	}
	archivetest.Put(b, make([]uint32, n), uint32(len(m.files)), uint32(locations), make([]uint32, 7))
	if v < 10300 {
		archivetest.Put(b, make([]uint32, 3))
	}
}

// fixedHeader is what stands behind the counts.
func (m *maker) fixedHeader(b *bytes.Buffer) {
	v := m.version
	zeros := func(when bool, n int) {
		if when {
			b.Write(make([]byte, n))
		}
	}
	zeros(v >= 70000, 4)
	zeros(v < 10319, oldSystems)
	zeros(v >= 10319, systems)
	zeros(v < 60400, 4)
	zeros(v >= 10303 && v < 60400, 4)
	zeros(v < 50507, 4)
	zeros(v >= 20000 && v < 50004, 4)
	zeros(v >= 60000, 9)
	zeros(v >= 50507, 1)
	switch {
	case v >= 60500:
	case v >= 60400:
		blob := secretBlob(m.password, false)
		b.Write(blob[45:])
		b.Write(blob[1:45])
	case v >= 50309:
		sum := sha1.Sum(append([]byte("PasswordCheckHash\x00\x00\x00\x00\x00\x00\x00\x00"), m.form()...))
		b.Write(sum[:])
		zeros(true, 8)
	case v >= 40202:
		sum := md5.Sum(append([]byte("PasswordCheckHash\x00\x00\x00\x00\x00\x00\x00\x00"), m.form()...))
		b.Write(sum[:])
		zeros(true, 8)
	case v >= 40200:
		zeros(true, 16)
	default:
		zeros(true, 4)
	}
	zeros(v < 40000, 4)
	if v >= 40000 {
		binary.Write(b, binary.LittleEndian, uint64(0))
		binary.Write(b, binary.LittleEndian, uint32(1)) // slices per disk
	}
	zeros(v >= 20000 && v < 50000, 1)
	zeros(v >= 10300, 1)
	zeros(v >= 20000 && v < 50000, 1)
	zeros(v >= 10306, 1)
	zeros(v >= 30000 && v < 30003, 1)
	zeros(v >= 30004, 1)
	zeros(v >= 50700, 1)
	zeros(v >= 40010, 2)
	methods := []string{"stored", "zlib", "bzip2", "lzma", "lzma2"}
	if v < 40205 {
		methods = []string{"zlib", "bzip2", "lzma"}
	}
	for i, name := range methods {
		if name == m.method && v >= 40105 {
			b.WriteByte(byte(i))
		}
	}
	zeros(v >= 50100 && v < 60300, 2)
	zeros(v >= 50201 && v < 50310, 8)
	zeros(v >= 50303, 2)
	zeros(v >= 50500, 8)
	zeros(v >= 50306 && v < 50500, 4)
	b.Write(m.options())
}

// options are the flags of the main header.
func (m *maker) options() []byte {
	v, n := m.version, 0
	bzip, crypt := -1, -1
	add := func(when bool, k int) {
		if when {
			n += k
		}
	}
	add(true, 1)
	add(v < 50310, 1)
	add(true, 1)
	add(v < 50303, 1)
	add(v < 10306, 1)
	add(v < 50303, 1)
	add(true, 1)
	add(v < 30000 || v >= 30003, 1)
	add(v < 10303, 1)
	add(true, 1)
	add(v < 60400, 4)
	add(true, 1)
	add(v < 40102, 1)
	add(true, 1)
	add(v >= 10206, 1)
	add(v >= 10214, 1)
	add(!m.narrow && v < 30004, 1)
	add(!m.narrow && v < 30000, 1)
	add(!m.narrow && v < 10306, 1)
	add(!m.narrow && v < 50601, 1)
	add(v >= 10300 && v < 50308, 1)
	add(v >= 10301, 1)
	add(v >= 10303 && v < 60400, 1)
	add(v >= 10310, 1)
	add(v >= 10320, 1)
	add(v >= 20000, 1+6)
	add(v >= 20007, 2)
	if v >= 20017 && v < 40105 {
		bzip = n
		n++
	}
	add(v >= 20018, 1)
	add(v >= 30000, 2)
	add(v >= 30001, 1)
	add(v >= 30003, 1)
	add(v >= 40000 || m.extended, 1)
	add(v >= 40000 && v < 40010, 1)
	add(v >= 40001 && v < 40010, 1)
	add(v >= 40009, 1)
	add(v >= 40103, 1)
	add(v >= 40108, 2)
	if v >= 40202 {
		crypt = n
		n++
	}
	add(v >= 50004 && v < 50601, 1)
	add(v >= 50107 && !m.unicode, 1)
	add(v >= 50113, 1)
	add(v >= 50201, 1)
	add(v >= 50308, 1)
	add(v >= 50309, 1)
	add(v >= 50500, 3)
	add(v >= 50507, 1)
	add(v >= 60000, 3)
	add(v >= 60300, 1)
	b := make([]byte, (n+7)/8)
	if len(b) == 3 && !m.narrow {
		b = append(b, 0)
	}
	set := func(bit int, when bool) {
		if when && bit >= 0 {
			b[bit/8] |= 1 << (bit % 8)
		}
	}
	set(bzip, m.method == "bzip2")
	set(crypt, m.encrypts())
	return b
}
