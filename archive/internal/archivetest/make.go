package archivetest

import (
	stdtar "archive/tar"
	stdzip "archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// StdGzip makes a gzip file with the standard library.
func StdGzip(t testing.TB, name, data string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Name = name
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Bzip2Stream is "hello world\n".
var Bzip2Stream, _ = hex.DecodeString("425a68393141592653594eece83600000251800010400006449080200031064c4101a7a9a580bb9431f8bb9229c28482776741b0")

// Bzip2Of joins parts; an empty one stands for Bzip2Stream.
func Bzip2Of(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		if p == "" {
			out = append(out, Bzip2Stream...)
		}
		out = append(out, p...)
	}
	return out
}

// File is one member for the generators.
type File struct {
	Name, Data string
	Method     uint16
}

// StdZip makes a zip with the standard library, which writes data descriptors.
func StdZip(t testing.TB, files ...File) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := stdzip.NewWriter(&buf)
	for _, f := range files {
		m, err := w.CreateHeader(&stdzip.FileHeader{Name: f.Name, Method: f.Method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(f.Data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// StdTar makes a tar file with the standard library.
func StdTar(t testing.TB, format stdtar.Format, files ...File) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := stdtar.NewWriter(&buf)
	for _, f := range files {
		if err := w.WriteHeader(&stdtar.Header{Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644, Format: format}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// CpioOf makes an archive of the dialect "newc".
func CpioOf(files ...File) []byte {
	var out bytes.Buffer
	for _, m := range append(files, File{Name: "TRAILER!!!"}) {
		out.Write(CpioMember(m))
	}
	return out.Bytes()
}

// CpioMember is a member of the dialect "newc". A file of mode 0 is a plain one.
func CpioMember(m File) []byte {
	return CpioHeaderOf("070701", m.Name, len(m.Data), 0, m.Data)
}

// CpioHeaderOf forges a member of "newc" or "crc".
func CpioHeaderOf(magic, name string, size, check int, data string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", magic, 1, 0o100644, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name)+1, check)
	b.WriteString(name + "\x00")
	b.Write(make([]byte, -b.Len()&3))
	b.WriteString(data)
	b.Write(make([]byte, -b.Len()&3))
	return b.Bytes()
}

// ArOf forges an ar file; a file's name is what its header has.
func ArOf(files ...File) []byte {
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, f := range files {
		b.Write(ArMemberOf(f.Name, fmt.Sprint(len(f.Data)), f.Data))
	}
	return b.Bytes()
}

// ArMemberOf forges a member of an ar file.
func ArMemberOf(name, size, data string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10s%s%s", name, 0, 0, 0, "100644", size, "`\n", data)
	if len(data)%2 == 1 {
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// rpmHeaderOf forges a header whose only tag is the payload's codec.
func rpmHeaderOf(codec string) []byte {
	var b bytes.Buffer
	value := codec + "\x00"
	for _, v := range []uint32{0x8eade801, 0, 1, uint32(len(value)), 1125, 6, 0, 1} {
		binary.Write(&b, binary.BigEndian, v)
	}
	b.WriteString(value)
	return b.Bytes()
}

// RPMOf forges a package.
func RPMOf(codec, body string) []byte {
	lead := append([]byte("\xed\xab\xee\xdb"), make([]byte, 92)...)
	signature := rpmHeaderOf("ignored")
	signature = append(signature, make([]byte, -len(signature)&7)...)
	return bytes.Join([][]byte{lead, signature, rpmHeaderOf(codec), []byte(body)}, nil)
}

// LZWOf compresses as compress does: into codes of at most bits bits, which are
// cleared behind every clear codes if that is not 0.
func LZWOf(body string, bits int, block bool, clear int) []byte {
	out := []byte{0x1f, 0x9d, byte(bits)}
	free, width, group := 256, 9, []byte(nil)
	if block {
		out[2] |= 0x80
		free++
	}
	used := 0 // bits of the group
	flush := func(full bool) {
		if full && used > 0 {
			group = append(group, make([]byte, width-len(group))...)
		}
		out, group, used = append(out, group...), nil, 0
	}
	emit := func(code int) {
		for i := range width {
			if used%8 == 0 {
				group = append(group, 0)
			}
			group[used/8] |= byte(code>>i&1) << (used % 8)
			used++
		}
		if used == 8*width {
			flush(false)
		}
	}
	table := map[string]int{}
	code := func(s string) (int, bool) {
		if len(s) == 1 {
			return int(s[0]), true
		}
		n, ok := table[s]
		return n, ok
	}
	word, codes := "", 0
	for i := range len(body) {
		next := word + body[i:i+1]
		if _, ok := code(next); ok {
			word = next
			continue
		}
		n, _ := code(word)
		emit(n)
		codes++
		// The reader enters a string one code later, and widens then.
		if free > 1<<width-1 && width < bits {
			flush(true)
			width++
		}
		if free < 1<<bits {
			table[next] = free
			free++
		}
		word = body[i : i+1]
		if clear > 0 && codes%clear == 0 {
			emit(256)
			flush(true)
			table, free, width = map[string]int{}, 257, 9
		}
	}
	if word != "" {
		n, _ := code(word)
		emit(n)
	}
	flush(false)
	return out
}

// lzmaStored makes LZMA2 data of stored chunks.
func lzmaStored(body string) []byte {
	var b bytes.Buffer
	for control := byte(1); body != ""; control = 2 {
		n := min(len(body), 1<<16)
		b.Write([]byte{control, byte((n - 1) >> 8), byte(n - 1)})
		b.WriteString(body[:n])
		body = body[n:]
	}
	b.WriteByte(0)
	return b.Bytes()
}

// XzBlockOf forges a block. filters are its filter flags, dict the dictionary's
// property.
func XzBlockOf(body string, filters string, count, dict byte, check []byte) []byte {
	h := []byte{0, count}
	h = append(h, filters...)
	h = append(h, 0x21, 1, dict)
	h = append(h, make([]byte, -len(h)&3)...)
	h[0] = byte(len(h) / 4)
	h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE(h))
	b := append(h, lzmaStored(body)...)
	b = append(b, make([]byte, -len(b)&3)...)
	return append(b, check...)
}

// XzOf forges a stream of blocks without an index.
func XzOf(check byte, blocks ...[]byte) []byte {
	b := append([]byte("\xfd7zXZ\x00"), 0, check)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[6:]))
	return append(b, bytes.Join(blocks, nil)...)
}

// RTFLines breaks digits as Word does.
func RTFLines(digits string) string {
	var b strings.Builder
	for ; len(digits) > 128; digits = digits[128:] {
		b.WriteString(digits[:128] + "\r\n")
	}
	return b.String() + digits
}

// ZlibOf compresses a body as a zlib stream.
func ZlibOf(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// AppleDisk is a disk with Apple's partition map, whose second entry is a volume of a kind.
func AppleDisk(kind string, volume []byte) []byte {
	const sector = 512
	be := binary.BigEndian
	b := make([]byte, 64*sector)
	copy(b, "ER\x02\x00")
	for i, p := range []struct {
		kind     string
		start, n int
	}{{"Apple_partition_map", 1, 2}, {kind, 64, len(volume) / sector}} {
		e := b[(i+1)*sector:]
		copy(e, "PM")
		be.PutUint32(e[4:], 2)
		be.PutUint32(e[8:], uint32(p.start))
		be.PutUint32(e[12:], uint32(p.n))
		copy(e[48:], p.kind)
	}
	return append(b, volume...)
}
