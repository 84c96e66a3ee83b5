package inno

import (
	"bytes"
	"compress/zlib"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// maker makes setups of any version. What it writes can be changed on the way.
type maker struct {
	version  version
	id       string // "" for the usual one
	unicode  bool
	narrow   bool   // for Windows 3.1
	extended bool   // by My Inno Setup Extensions
	method   string // of chunks: stored, zlib, bzip2, lzma or lzma2
	solid    bool
	calls    bool   // the filter is applied to files
	password string // of files
	full     bool   // and of the blocks, from 6.5 on
	files    []made
	program  string

	location func(i int, b []byte) // changes an entry
	header   func(b []byte) []byte // changes the first block
	table    func(b []byte)        // changes the loader's table
	chunk    func(b []byte) []byte // changes packed data
	slice    bool                  // the data are in a slice of their own: see data
	swapped  bool                  // the data stand behind the blocks
	raw      bool                  // blocks are not packed

	data []byte // the slice, once made
}

// made is a file to be put into a setup.
type made struct{ name, body string }

// secretOf is the secret of setups with a password.
var secretOf = secret{use: 1, salt: [16]byte{1, 2, 3}, rounds: 10, nonce: [24]byte{5, 6, 7}}

func (m *maker) encrypts() bool { return m.password != "" }

// stream is the cipher of what begins at an offset.
func (m *maker) stream(slice uint32, offset int64) (cipher.Stream, []byte) {
	switch {
	case m.version >= 60400:
		return secretOf.stream(secretOf.key(m.password), slice, offset), nil
	case m.version >= 50309:
		return newRC4(sha1.New(), []byte("saltsalt"), m.form()), []byte("saltsalt")
	}
	return newRC4(md5.New(), []byte("saltsalt"), m.form()), []byte("saltsalt")
}

func (m *maker) form() []byte {
	if m.unicode {
		return utf16le(m.password)
	}
	return []byte(m.password)
}

// make makes a setup with its program in front.
func (m *maker) make() []byte {
	if m.unicode = m.unicode || m.version >= 60000; m.method == "" {
		m.method = "stored"
	}
	stub := make([]byte, 0x200)
	copy(stub, "MZ")
	copy(stub[0x30:], "Inno\x40\x00\x00\x00\xbf\xff\xff\xff")
	data, locations := m.chunks()
	if m.slice {
		m.data = append(binary.LittleEndian.AppendUint32([]byte("idska32\x1a"), uint32(12+len(data))), data...)
		data = nil
	}
	blocks := m.identification()
	blocks = append(blocks, m.block(m.head(len(locations)), 2)...)
	blocks = append(blocks, m.block(bytes.Join(locations, nil), 3)...)
	program := []byte(m.program)
	filterOf(m.version).apply(program, true)
	packed := m.block(program, 0)
	var out []byte
	at := [3]int{} // of the data, the blocks, the program
	parts := [][]byte{data, blocks, packed}
	order := []int{0, 1, 2}
	if m.swapped {
		order = []int{1, 2, 0}
	}
	out = stub
	for _, i := range order {
		at[i] = len(out)
		out = append(out, parts[i]...)
	}
	if m.slice {
		at[0] = 0
	}
	table := m.offsets(len(out), at, len(packed))
	if m.table != nil {
		m.table(table)
	}
	copy(out[0x40:], table)
	return out
}

// identification is that of the version, and what stands behind it.
func (m *maker) identification() []byte {
	id := m.id
	if id == "" {
		id = fmt.Sprintf("Inno Setup Setup Data (%d.%d.%d)", m.version/10000, m.version/100%100, m.version%100)
		if m.unicode && m.version < 60300 {
			id += " (u)"
		}
	}
	if m.version == 40000 {
		id = strings.Replace(id, ")", "a)", 1)
	}
	if strings.HasPrefix(id, "i") {
		return []byte(id)
	}
	b := make([]byte, idBytes)
	copy(b, id)
	if m.version >= 60500 {
		s := secretBlob(m.password, m.full)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(s))
		b = append(b, s...)
	}
	return b
}

// secretBlob is the secret with its use in front.
func secretBlob(password string, full bool) []byte {
	var b bytes.Buffer
	if password == "" {
		return make([]byte, 1+secretBytes)
	}
	use := byte(1)
	if full {
		use = 2
	}
	var test [4]byte
	secretOf.stream(secretOf.key(password), 1<<32-1, 0).XORKeyStream(test[:], test[:])
	archivetest.Put(&b, use, secretOf.salt, secretOf.rounds, secretOf.nonce, test)
	return b.Bytes()
}

// offsets is the loader's table.
func (m *maker) offsets(size int, at [3]int, packed int) []byte {
	var b bytes.Buffer
	sum := crc32.ChecksumIEEE([]byte(m.program))
	data, head, program := uint32(at[0]), uint32(at[1]), uint32(at[2])
	word := func(v ...uint32) { archivetest.Put(&b, v) }
	switch v := m.version; {
	case v >= 60500:
		archivetest.Put(&b, "rDlPtS\xcd\xe6\xd7{\x0b*", uint32(2), uint64(size), uint64(program), uint32(len(m.program)), sum, uint64(head), uint64(data), uint32(0))
	case v >= 50105:
		archivetest.Put(&b, "rDlPtS\xcd\xe6\xd7{\x0b*", uint32(1))
		word(uint32(size), program, uint32(len(m.program)), sum, head, data)
	case v >= 40106:
		archivetest.Put(&b, "rDlPtS07\x87eVx")
		word(uint32(size), program, uint32(len(m.program)), sum, head, data)
	case v >= 40010:
		archivetest.Put(&b, "rDlPtS06\x87eVx")
		word(uint32(size), program, uint32(packed), uint32(len(m.program)), sum, head, data)
	case v >= 40000:
		archivetest.Put(&b, "rDlPtS05\x87eVx")
		word(uint32(size), program, uint32(packed), uint32(len(m.program)), sum, head, data)
	default:
		archivetest.Put(&b, "rDlPtS02\x87eVx")
		word(uint32(size), program, uint32(packed), uint32(len(m.program)), sum, 0, head, data)
	}
	if m.version >= 40010 {
		word(crc32.ChecksumIEEE(b.Bytes()))
	}
	return b.Bytes()
}

// chunks are the files, packed, and their entries.
func (m *maker) chunks() (data []byte, entries [][]byte) {
	base := 0
	if m.slice {
		base = 12
	}
	pack := func(plain string) (at, n int) {
		packed := packChunk(m.method, plain)
		if m.chunk != nil {
			packed = m.chunk(packed)
		}
		at = base + len(data)
		data = append(data, chunkMark...)
		if m.encrypts() {
			stream, salt := m.stream(0, int64(at))
			data = append(data, salt...)
			stream.XORKeyStream(packed, packed)
		}
		data = append(data, packed...)
		return at, len(packed)
	}
	whole := ""
	for _, f := range m.files {
		whole += m.filtered(f.body)
	}
	at, n, offset := 0, 0, 0
	if m.solid {
		at, n = pack(whole)
	}
	for i, f := range m.files {
		body := m.filtered(f.body)
		if !m.solid {
			at, n = pack(body)
			offset = 0
		}
		e := m.entry(at, n, offset, f.body)
		offset += len(body)
		if m.location != nil {
			m.location(i, e)
		}
		entries = append(entries, e)
	}
	return data, entries
}

func (m *maker) filtered(body string) string {
	if !m.calls {
		return body
	}
	b := []byte(body)
	filterOf(m.version).apply(b, false)
	return string(b)
}

// layout is that of the version.
func (m *maker) layout() *layout {
	for i := range layouts {
		if layouts[i].since <= m.version && !m.narrow || layouts[i].slice == 2 {
			return &layouts[i]
		}
	}
	return nil
}

// entry is the entry of a file's location.
func (m *maker) entry(chunk, packedSize, offset int, body string) []byte {
	l := m.layout()
	var b bytes.Buffer
	put := func(v uint64, n int) {
		for range n {
			b.WriteByte(byte(v))
			v >>= 8
		}
	}
	slice := uint64(0)
	if m.version < 40000 {
		slice = 1
	}
	put(slice, l.slice)
	put(slice, l.slice)
	put(uint64(chunk), l.chunk)
	put(uint64(offset), l.offset)
	put(uint64(len(body)), l.size)
	put(uint64(packedSize), l.size)
	h := l.hash()
	h.Write([]byte(body))
	b.Write(h.Sum(nil))
	put(0x01d8000000000000, l.time)
	put(0, 8)
	flags := uint16(0)
	if m.method != "stored" {
		flags |= l.packed
	}
	if m.calls {
		flags |= l.calls
	}
	if m.encrypts() {
		flags |= l.crypted
	}
	if m.version >= 20017 && m.version < 40001 && m.method == "bzip2" {
		flags |= 4
	}
	put(uint64(flags), l.tail)
	return b.Bytes()
}

// block packs a block; number is that of its cipher's slice, 0 for none.
func (m *maker) block(plain []byte, number uint32) []byte {
	packed, flag := plain, byte(0)
	if !m.raw {
		flag = 1
		if packed = packChunk("lzma", string(plain)); m.version < 40106 {
			packed = packChunk("zlib", string(plain))
		}
	}
	if m.full && number > 0 {
		stream, _ := m.stream(-number, 0)
		stream.XORKeyStream(packed, packed)
	}
	var pieces, b bytes.Buffer
	for rest := packed; len(rest) > 0; {
		n := min(len(rest), pieceBytes)
		archivetest.Put(&pieces, crc32.ChecksumIEEE(rest[:n]), rest[:n])
		rest = rest[n:]
	}
	switch {
	case m.version >= 60700:
		archivetest.Put(&b, uint64(pieces.Len()), flag)
	case m.version >= 40009:
		archivetest.Put(&b, uint32(pieces.Len()), flag)
	case flag > 0:
		archivetest.Put(&b, uint32(len(packed)), uint32(len(plain)))
	default:
		archivetest.Put(&b, uint32(1<<32-1), uint32(len(plain)))
	}
	out := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b.Bytes()))
	return append(append(out, b.Bytes()...), pieces.Bytes()...)
}

// text is a string behind its length.
func (m *maker) text(s string) []byte {
	b := []byte(s)
	if m.unicode {
		b = utf16le(s)
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// head is the first block: the main header, and the entries of files.
func (m *maker) head(locations int) []byte {
	b := m.mainHeader(locations)
	for i, f := range m.files {
		b = append(b, m.fileEntry(f.name, uint32(i))...)
	}
	if m.version >= 40000 {
		b = append(b, m.images()...)
	}
	if m.header != nil {
		b = m.header(b)
	}
	return b
}

// fileEntry names a file.
func (m *maker) fileEntry(name string, location uint32) []byte {
	l := m.fileLayout()
	b := make([]byte, l.lead)
	for i := range l.strings {
		switch {
		case i == 1:
			b = append(b, m.text(name)...)
		default:
			b = append(b, m.text("")...)
		}
	}
	b = append(b, make([]byte, l.skip)...)
	b = binary.LittleEndian.AppendUint32(b, location)
	return append(b, make([]byte, l.tail)...)
}

func (m *maker) fileLayout() *fileLayout {
	for i := range fileLayouts {
		if fileLayouts[i].since <= m.version {
			if m.extended || m.narrow {
				i++
			}
			return &fileLayouts[i]
		}
	}
	return nil
}

// images are the wizard's, and the library that unpacks.
func (m *maker) images() []byte {
	b := m.bytes("an image")
	if m.version >= 50600 {
		b = append([]byte{1, 0, 0, 0}, b...)
	}
	if m.version >= 20000 {
		b = append(b, b...)
	}
	if m.method == "bzip2" || m.method == "zlib" && m.version >= 40206 {
		b = append(b, m.bytes("a library")...)
	}
	if m.encrypts() && m.version < 60400 {
		b = append(b, m.bytes("a cipher")...)
	}
	return b
}

func (m *maker) bytes(s string) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), s...)
}

// packChunk packs by a method of chunks.
func packChunk(method, plain string) []byte {
	var b bytes.Buffer
	switch method {
	case "zlib":
		w := zlib.NewWriter(&b)
		w.Write([]byte(plain))
		w.Close()
	case "bzip2":
		out, err := archivetest.Pipe(plain, "bzip2", "-c")
		if err != nil {
			return []byte(plain)
		}
		b.Write(out)
	case "lzma":
		b.WriteString("\x5d\x00\x00\x10\x00")
		b.Write(literals(plain))
	case "lzma2":
		b.WriteByte(0x10)
		for first := byte(1); len(plain) > 0; first = 2 {
			n := min(len(plain), 1<<16)
			b.Write([]byte{first, byte((n - 1) >> 8), byte(n - 1)})
			b.WriteString(plain[:n])
			plain = plain[n:]
		}
		b.WriteByte(0)
	default:
		b.WriteString(plain)
	}
	return b.Bytes()
}

// apply is the filter's other direction.
func (f filter) apply(b []byte, whole bool) {
	if f == plain {
		return
	}
	if f == sums {
		for i := 0; i+5 <= len(b); i++ {
			if b[i]&0xfe == 0xe8 {
				v := binary.LittleEndian.Uint32(b[i+1:]) + uint32(i) + 5
				binary.LittleEndian.PutUint32(b[i+1:], v)
				i += 4
			}
		}
		return
	}
	n := filterBlock
	if whole {
		n = len(b)
	}
	for at := 0; at < len(b); at += n {
		part := b[at:min(at+n, len(b))]
		for i := 0; i+5 <= len(part); i++ {
			if part[i]&0xfe != 0xe8 {
				continue
			}
			if high := part[i+4]; high == 0 || high == 0xff {
				v := binary.LittleEndian.Uint32(part[i+1:]) & 0xffffff
				if f == flipped && v&0x800000 != 0 {
					high = ^high
				}
				v = (v + uint32(at+i) + 5) & 0xffffff
				binary.LittleEndian.PutUint32(part[i+1:], v|uint32(high)<<24)
			}
			i += 4
		}
	}
}
