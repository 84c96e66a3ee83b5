package bombs

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"unicode/utf16"
)

// oles are compound files whose streams are looked into.
var oles = []Bomb{
	attached("ole-mini", "a.doc", func() []byte { return oleMini(fileBytes) }),
	attached("vba-modules", "a.doc", func() []byte {
		// Sources of nothing but references, each of a chunk.
		source := append([]byte{1}, fill(vbaChunk(), 8<<10)...)
		return oleOf(vbaProject(5000, source)...)
	}),
	attached("vba-carve", "a.doc", func() []byte {
		// Places at which a source might begin.
		return oleOf(vbaProject(4000, fill([]byte("\x01\xff\xbf\x00Attribut"), 8000))...)
	}),
	attached("vba-source", "a.doc", func() []byte {
		return oleOf(vbaProject(1, append([]byte{1}, fill(vbaChunk(), 30<<20)...))...)
	}),
	{"ole-locked-agile", func() ([]byte, error) {
		key := func(n int, seed uint64) string { return base64.StdEncoding.EncodeToString(noise(n, seed)) }
		info := join(uint32(0x00040004), uint32(0x40), fmt.Sprintf(`<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">`+
			`<keyData saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="%s"/>`+
			`<keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey spinCount="100000" saltSize="16" blockSize="16" keyBits="256" hashSize="64" `+
			`cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="%s" encryptedVerifierHashInput="%s" encryptedVerifierHashValue="%s" encryptedKeyValue="%s"/>`+
			`</keyEncryptor></keyEncryptors></encryption>`, key(16, 1), key(16, 2), key(16, 3), key(64, 4), key(32, 5)))
		data := oleOf(oleEntry{name: "EncryptionInfo", data: info}, oleEntry{name: "EncryptedPackage", data: noise(100_000, 6)})
		return mail(candidates(100_000), "a.docx", data), nil
	}},
}

// oleEntry is a stream in the root, or in the storage before it.
type oleEntry struct {
	name    string
	data    []byte
	storage bool
	inside  int // how many of the entries behind a storage are in it
}

// oleOf is a compound file.
func oleOf(entries ...oleEntry) []byte {
	const free, end, fatSector = 0xffffffff, 0xfffffffe, 0xfffffffd
	var dir, body []byte
	put := func(name string, kind byte, right, child, at uint32, size int) {
		var units []byte
		for _, u := range utf16.Encode([]rune(name)) {
			units = le.AppendUint16(units, u)
		}
		length := len(units) + 2
		dir = append(dir, join(padded(append(units, 0, 0), 64), uint16(length), kind, byte(1), uint32(free), right, child, make([]byte, 36), at, uint64(size))...)
	}
	var chains []int // sectors of each stream
	put("Root Entry", 5, free, 1, end, 0)
	left := 0 // entries that are still in the present storage
	sector := uint32(0)
	for i, e := range entries {
		right := uint32(i + 2)
		if left--; left == 0 || i == len(entries)-1 {
			right = free
		}
		if e.storage {
			left = e.inside
			right = free
			if i+1+e.inside < len(entries) {
				right = uint32(i + 2 + e.inside)
			}
			put(e.name, 1, right, uint32(i+2), 0, 0)
			continue
		}
		data := padded(append(slices.Clone(e.data), make([]byte, max(0, 4096-len(e.data)))...), 512)
		put(e.name, 2, right, free, sector, max(4096, len(e.data)))
		chains = append(chains, len(data)/512)
		sector += uint32(len(data) / 512)
		body = append(body, data...)
	}
	dir = padded(dir, 512)
	chains = append(chains, len(dir)/512)
	total := len(body)/512 + len(dir)/512
	fats := (total + 126) / 127
	difats := max(0, (fats-109+126)/127)
	var fat []byte
	at := uint32(0)
	for _, n := range chains {
		for k := range n {
			at++
			if k == n-1 {
				fat = le.AppendUint32(fat, end)
			} else {
				fat = le.AppendUint32(fat, at)
			}
		}
	}
	first := len(fat) / 4 // of the table's own sectors
	for range fats + difats {
		fat = le.AppendUint32(fat, fatSector)
	}
	for len(fat) < fats*512 {
		fat = le.AppendUint32(fat, free)
	}
	link := uint32(end)
	if difats > 0 {
		link = uint32(first + fats)
	}
	head := join("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", make([]byte, 16), uint16(0x3e), uint16(3), uint16(0xfffe), uint16(9), uint16(6), make([]byte, 6), uint32(0), uint32(fats), uint32(len(body)/512), uint32(0), uint32(4096), uint32(end), uint32(0), link, uint32(difats))
	for i := range 109 {
		v := uint32(free)
		if i < fats {
			v = uint32(first + i)
		}
		head = le.AppendUint32(head, v)
	}
	var difat []byte
	for i := 109; i < fats; i++ {
		difat = le.AppendUint32(difat, uint32(first+i))
		if len(difat)%512 == 508 {
			difat = le.AppendUint32(difat, uint32(first+fats+len(difat)/512+1))
		}
	}
	for len(difat) < difats*512 {
		difat = le.AppendUint32(difat, free)
	}
	return slices.Concat(head[:512], body, dir, fat[:fats*512], difat)
}

// oleMini is a file with mini sectors of four bytes, all of which a stream has in the
// order in which none is beside the one before.
func oleMini(n int) []byte {
	const free, end = 0xffffffff, 0xfffffffe
	sectors := n/512 - 1
	fats := (sectors + 127) / 128
	var fat []byte
	for i := range sectors {
		switch {
		case i < fats:
			fat = le.AppendUint32(fat, 0xfffffffd)
		case i == sectors-1, i == fats:
			fat = le.AppendUint32(fat, end)
		default:
			fat = le.AppendUint32(fat, uint32(i+1))
		}
	}
	fat = padded(fat, 512)
	var dir []byte
	put := func(name string, kind byte, child, at uint32, size int) {
		units := make([]byte, 64)
		for i, c := range name {
			units[2*i] = byte(c)
		}
		dir = append(dir, join(units, uint16(2*len(name)+2), kind, byte(1), uint32(free), uint32(free), child, make([]byte, 36), at, uint64(size))...)
	}
	put("Root Entry", 5, 1, uint32(fats+1), 0)
	put("x", 2, free, 0, n)
	// The table is the mini stream too: two sectors that are not side by side.
	table := fill(join(uint32(2), uint32(2), uint32(0), uint32(0)), (sectors-fats-1)*512)
	head := join("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", make([]byte, 16), uint16(0x3e), uint16(3), uint16(0xfffe), uint16(9), uint16(2), make([]byte, 6), uint32(0), uint32(fats), uint32(fats), uint32(0), uint32(1<<31), uint32(fats+1), uint32(1), uint32(free), uint32(0))
	// The first sectors of the table lead to the others.
	var difat []byte
	for i := range 109 {
		difat = le.AppendUint32(difat, uint32(min(i, fats-1)))
	}
	return slices.Concat(head, difat, fat, padded(dir, 512), table)
}

// vbaChunk is a chunk of a byte and of references to it, each of three bytes.
func vbaChunk() []byte {
	body := []byte{0xfe, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for len(body) < 1300 {
		body = append(body, 0xff)
		body = append(body, make([]byte, 16)...)
	}
	return join(uint16(0xb000|len(body)-1), body)
}

// vbaProject is a project of n modules with one source.
func vbaProject(n int, source []byte) []oleEntry {
	record := func(id uint16, data []byte) []byte { return join(id, uint32(len(data)), data) }
	var list []byte
	all := []oleEntry{{name: "VBA", storage: true, inside: n + 2}}
	for i := range n {
		name := "m" + hex8(i)
		list = slices.Concat(list, record(0x1a, []byte(name)), record(0x31, make([]byte, 4)), record(0x2b, nil))
		all = append(all, oleEntry{name: name, data: source})
	}
	packed := []byte{1}
	for len(list) > 0 {
		part := list[:min(len(list), 4096)]
		list = list[len(part):]
		packed = append(packed, join(uint16(0x3000|len(part)-1), part)...)
	}
	return append(all, oleEntry{name: "dir", data: packed}, oleEntry{name: "_VBA_PROJECT", data: bytes.Repeat([]byte("\xcc\x61"), 100)})
}
