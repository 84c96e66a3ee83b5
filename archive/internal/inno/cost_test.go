package inno

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// TestCost has setups whose parts are many, or whose parts are the same bytes.
func TestCost(t *testing.T) {
	block := func(plain string, size int) string {
		b := binary.LittleEndian.AppendUint32(nil, uint32(size))
		b = append(b, 1)
		return string(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))) + string(b) + plain
	}
	id := "Inno Setup Setup Data (5.5.7)" + strings.Repeat("\x00", 35)
	lzma := "\x5d\x00\x00\x10\x00" + string(literals(strings.Repeat("x", 1000)))
	long := string(packChunk("lzma2", strings.Repeat(lzma[:20], 50_000)))
	for name, data := range map[string]string{
		"identifications": strings.Repeat(id+block("\x00\x00\x00\x00"+lzma, 4+len(lzma)), 20_000),
		// Each block goes on to the file's end.
		"blocks":        strings.Repeat(block("\x00\x00\x00\x00\x5d\x00\x00\x10\x00\x00\x00\x00\x00\x00", 1<<30), 50_000),
		"chunks":        "idska32\x1a\x00\x00\x00\x00" + strings.Repeat(chunkMark+lzma, 20_000),
		"nested chunks": "idska32\x1a\x00\x00\x00\x00" + strings.Repeat(chunkMark+long[:50_000], 60),
		"empty chunks":  "idska32\x1a\x00\x00\x00\x00" + strings.Repeat(chunkMark, 500_000),
		"slices":        strings.Repeat("idska32\x1a", 200_000) + chunkMark,
		"tables":        "idska32\x1a" + strings.Repeat("rDlPtS02\x87eVx", 200_000),
	} {
		t.Run(name, func(t *testing.T) { archivetest.Cheap(t, Format, []byte(data)) })
	}
}

// Files that are the same bytes of a chunk, or overlap in it.
func TestOverlapCost(t *testing.T) {
	for name, offset := range map[string]func(i int) (at, n uint64){
		"same":       func(i int) (at, n uint64) { return 0, 1000 },
		"falling":    func(i int) (at, n uint64) { return uint64(100_000 - i), 1 },
		"wide":       func(i int) (at, n uint64) { return uint64(i), 100_000 },
		"far":        func(i int) (at, n uint64) { return 1<<40 + uint64(i), 1 },
		"at the end": func(i int) (at, n uint64) { return 999_000 - uint64(i%2), 10 },
	} {
		t.Run(name, func(t *testing.T) {
			m := &maker{version: 60700, method: "zlib", solid: true, calls: true, program: "MZ"}
			m.files = append(m.files, made{"a", strings.Repeat("0123456789", 100_000)})
			for i := range 9000 {
				m.files = append(m.files, made{fmt.Sprint(i), ""})
			}
			m.location = func(i int, b []byte) {
				if i > 0 {
					at, n := offset(i)
					binary.LittleEndian.PutUint64(b[16:], at)
					binary.LittleEndian.PutUint64(b[24:], n)
					binary.LittleEndian.PutUint64(b[32:], 1<<20)
				}
			}
			archivetest.Cheap(t, Format, m.make())
		})
	}
}

// Setups whose chunks are looked for in vain.
func TestSetupsCost(t *testing.T) {
	m := &maker{version: 50507, raw: true}
	var entries []byte
	for range senseEntries {
		entries = append(entries, m.entry(12345, 10, 0, "x")...)
	}
	setup := append(m.identification(), m.block([]byte("head"), 2)...)
	setup = append(setup, m.block(entries, 3)...)
	archivetest.Cheap(t, Format, append(bytes.Repeat([]byte(chunkMark+"x"), maxParts), bytes.Repeat(setup, 5000)...))
}

// A block that looks like entries wherever one begins.
func TestNamesCost(t *testing.T) {
	m := solid(60100, "zlib")
	m.header = func(b []byte) []byte {
		return append(b, bytes.Repeat([]byte("\x00\x00\x00\x01"), 500_000)...)
	}
	archivetest.Cheap(t, Format, m.make())
	m.header = func(b []byte) []byte {
		one := append(binary.LittleEndian.AppendUint32(nil, 1), '{')
		return append(b, bytes.Repeat(one, 500_000)...)
	}
	archivetest.Cheap(t, Format, m.make())
}

func FuzzInno(f *testing.F) {
	for _, m := range []*maker{
		solid(60700, "lzma2"), solid(60403, "lzma"), solid(50507, "zlib"), solid(50113, "stored"), solid(40003, "bzip2"),
		{version: 10210, id: "i1.2.10--32\x1a", method: "zlib"}, {version: 60500, method: "zlib", password: "secret", full: true},
		{version: 50500, method: "zlib", password: "secret"}, {version: 60400, method: "lzma", password: "secret"},
	} {
		m.files = []made{{`{app}\a.exe`, "MZ\xe8\x01\x02\x00\x00" + archivetest.Marker}, {`{app}\b`, "b"}}
		m.program = "MZ\xe9\x01\x02\x00\x00"
		f.Add(m.make())
		m.raw, m.swapped = true, true
		f.Add(m.make())
		m.slice = true
		f.Add(m.make())
		f.Add(m.data)
	}
	table := make([]byte, 60)
	f.Add(append(loader(binary.LittleEndian.AppendUint32(table, crc32.ChecksumIEEE(table))), "zlb\x1ax"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.Detects(data, Format)
		archivetest.FuzzReadLimits(t, Format, data, 64<<20, level.Limits{Members: archivetest.FuzzMembers, Keys: &level.Keys{Passwords: []string{"secret"}, Work: 1 << 16}})
	})
}

// FuzzBlocks changes what is in the blocks of a setup, whose checksums are right.
func FuzzBlocks(f *testing.F) {
	for i, m := range honest() {
		if i%4 > 0 || m.encrypts() {
			continue
		}
		m.files = []made{{`{app}\a.exe`, "MZ\xe8\x01\x02\x00\x00" + archivetest.Marker}, {`{app}\b`, "b"}}
		m.unicode = m.unicode || m.version >= 60000
		data, entries := m.chunks()
		f.Add(m.head(len(entries)), bytes.Join(entries, nil), data, uint32(m.version))
	}
	f.Fuzz(func(t *testing.T, head, files, data []byte, v uint32) {
		m := &maker{version: max(10300, version(v%100_000)), raw: true}
		setup := append(m.identification(), m.block(head, 2)...)
		setup = append(setup, m.block(files, 3)...)
		archivetest.FuzzRead(t, Format, append(setup, data...), 64<<20)
	})
}
