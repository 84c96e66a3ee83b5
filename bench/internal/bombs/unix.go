package bombs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

var unixes = []Bomb{
	attached("tar-headers", "a.tar", func() []byte { return fill(tarHeader("x", '0', 0), fileBytes) }),
	attached("tar-pax", "a.tar", func() []byte {
		// Records of a million bytes before each member.
		body := fill([]byte("30 comment=some words, again.\n"), 1<<20)
		return fill(slices.Concat(tarHeader("p", 'x', len(body)), body, tarHeader("x", '0', 0)), fileBytes)
	}),
	attached("tar-pax-short", "a.tar", func() []byte {
		body := fill([]byte("5 a=\n"), 1<<20)
		return fill(slices.Concat(tarHeader("p", 'x', len(body)), body, make([]byte, -len(body)&511), tarHeader("x", '0', 0)), fileBytes)
	}),
	attached("tar-long-names", "a.tar", func() []byte {
		body := bytes.Repeat([]byte("n"), 64<<10)
		return fill(slices.Concat(tarHeader("././@LongLink", 'L', len(body)), body, tarHeader("x", '0', 0)), fileBytes)
	}),
	attached("tar-sparse", "a.tar", func() []byte {
		// A map of pieces of one byte, each far from the other.
		var list strings.Builder
		n := 60_000
		fmt.Fprintf(&list, "%d\n", n)
		for i := range n {
			fmt.Fprintf(&list, "%d\n1\n", i*1000)
		}
		body := []byte(list.String())
		body = append(body, make([]byte, -len(body)&511)...)
		body = append(body, bytes.Repeat([]byte("x"), n)...)
		body = append(body, make([]byte, -len(body)&511)...)
		pax := paxRecord("GNU.sparse.major", "1") + paxRecord("GNU.sparse.minor", "0") + paxRecord("GNU.sparse.name", "s") + paxRecord("GNU.sparse.realsize", "60000000")
		head := slices.Concat(tarHeader("p", 'x', len(pax)), []byte(pax), make([]byte, -len(pax)&511))
		return fill(slices.Concat(head, tarHeader("s", '0', len(body)), body), fileBytes)
	}),
	attached("tar-bad-sums", "a.tar", func() []byte {
		h := tarHeader("x", '0', 0)
		h[150] = '7'
		return slices.Concat(tarHeader("x", '0', 0), fill(h, fileBytes))
	}),
	attached("tar-garbage", "a.tar", func() []byte { return slices.Concat(tarHeader("x", '0', 0), noise(fileBytes, 30)) }),
	attached("tar-sizes", "a.tar", func() []byte { return fill(tarHeader("x", '0', 30<<20), fileBytes) }),
	attached("cpio-headers", "a.cpio", func() []byte {
		return fill([]byte(fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08xx\x00", 1, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0)), fileBytes)
	}),
	attached("cpio-magics", "a.cpio", func() []byte {
		return slices.Concat([]byte(fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08xx\x00", 1, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0)), fill([]byte("0707010"), fileBytes))
	}),
	attached("cpio-binary", "a.cpio", func() []byte {
		return fill([]byte("\xc7\x71\x00\x00\x01\x00\xa4\x81\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00x\x00"), fileBytes)
	}),
	attached("ar-headers", "a.a", func() []byte {
		return append([]byte("!<arch>\n"), fill([]byte(fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10s`\n", "x/", 0, 0, 0, "100644", "0")), fileBytes)...)
	}),
	attached("ar-garbage", "a.a", func() []byte { return append([]byte("!<arch>\n"), fill([]byte("`\n"), fileBytes)...) }),
	attached("rpm-header", "a.rpm", func() []byte {
		lead := append([]byte("\xed\xab\xee\xdb\x03\x00"), make([]byte, 90)...)
		empty := joinBE("\x8e\xad\xe8\x01", uint32(0), uint32(0), uint32(0))
		n := 2_000_000
		large := joinBE("\x8e\xad\xe8\x01", uint32(0), uint32(n), uint32(16))
		return slices.Concat(lead, empty, large, bytes.Repeat(joinBE(uint32(1125), uint32(6), uint32(0), uint32(1)), n), make([]byte, 16), gzipOf(tables(1<<20, false)))
	}),
	attached("rpm-gzip-tables", "a.rpm", func() []byte {
		lead := append([]byte("\xed\xab\xee\xdb\x03\x00"), make([]byte, 90)...)
		empty := joinBE("\x8e\xad\xe8\x01", uint32(0), uint32(0), uint32(0))
		return slices.Concat(lead, empty, empty, gzipOf(tables(fileBytes, false)))
	}),
	attached("fat-shared", "a.img", func() []byte { return fatShared(fileBytes) }),
	attached("iso-shared", "a.iso", func() []byte { return isoShared(fileBytes) }),
	attached("iso-loop", "a.iso", func() []byte { return isoLoop() }),
}

func tarHeader(name string, kind byte, size int) []byte {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x0000000000000\x00        ", size))
	h[156] = kind
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func paxRecord(key, value string) string {
	n := len(key) + len(value) + 3
	for len(fmt.Sprint(n))+len(key)+len(value)+3 != n {
		n = len(fmt.Sprint(n)) + len(key) + len(value) + 3
	}
	return fmt.Sprintf("%d %s=%s\n", n, key, value)
}

// fatShared is a FAT16 volume whose root lists one chain of clusters as many files, each a byte shorter.
func fatShared(n int) []byte {
	const sector, perCluster, entries = 512, 64, 16384
	clusters := n / sector / perCluster
	fat := (clusters*2 + sector) / sector
	boot := make([]byte, sector)
	copy(boot, "\xeb\x3c\x90MSDOS5.0")
	copy(boot[11:], join(uint16(sector), byte(perCluster), uint16(1), byte(1), uint16(entries), uint16(0), byte(0xf8), uint16(fat), uint16(63), uint16(255), uint32(0), uint32(1+fat+entries*32/sector+clusters*perCluster)))
	copy(boot[36:], "\x80\x00\x29\x01\x02\x03\x04NO NAME    FAT16   ")
	boot[510], boot[511] = 0x55, 0xaa
	table := make([]byte, fat*sector)
	for i := 2; i < clusters; i++ {
		le.PutUint16(table[2*i:], uint16(i+1))
	}
	le.PutUint16(table[2*clusters:], 0xffff)
	le.PutUint32(table, 0xfffffff8)
	var root bytes.Buffer
	for i := range entries {
		root.Write(join(fmt.Sprintf("%08XBIN", i), byte(0x20), make([]byte, 14), uint16(2), uint32(n-i)))
	}
	return slices.Concat(boot, table, root.Bytes(), noise((clusters-1)*perCluster*sector, 31))
}

func isoRecord(name string, flags byte, at, size uint32) []byte {
	both := func(v uint32) []byte { return append(le.AppendUint32(nil, v), be.AppendUint32(nil, v)...) }
	b := slices.Concat([]byte{0, 0}, both(at), both(size), make([]byte, 7), []byte{flags, 0, 0, 1, 0, 0, 1, byte(len(name))}, []byte(name))
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b[0] = byte(len(b))
	return b
}

// isoVolume is a volume with a root directory, and data behind it at sector 20 + len(root)/2048.
func isoVolume(root, data []byte) []byte {
	const sector = 2048
	root = append(root, make([]byte, -len(root)&(sector-1))...)
	pvd := make([]byte, sector)
	copy(pvd, "\x01CD001\x01\x00")
	copy(pvd[80:], append(le.AppendUint32(nil, 20_000), be.AppendUint32(nil, 20_000)...))
	copy(pvd[120:], "\x01\x00\x00\x01\x01\x00\x00\x01\x00\x08\x08\x00")
	copy(pvd[156:], isoRecord("\x00", 2, 20, uint32(len(root))))
	end := make([]byte, sector)
	copy(end, "\xffCD001\x01")
	return slices.Concat(make([]byte, 16*sector), pvd, end, make([]byte, 2*sector), root, data)
}

// isoRoot packs records in sectors.
func isoRoot(records func(yield func([]byte) bool)) (b []byte) {
	for r := range records {
		if left := 2048 - len(b)%2048; len(r) > left {
			b = append(b, make([]byte, left)...)
		}
		b = append(b, r...)
	}
	return b
}

func isoShared(n int) []byte {
	root := func(at uint32) []byte {
		return isoRoot(func(yield func([]byte) bool) {
			yield(isoRecord("\x00", 2, 20, 2048))
			yield(isoRecord("\x01", 2, 20, 2048))
			for i := range 20_000 {
				if !yield(isoRecord(fmt.Sprintf("%X.;1", i), 0, at, uint32(n))) {
					return
				}
			}
		})
	}
	at := 20 + (len(root(0))+2047)/2048
	return isoVolume(root(uint32(at)), noise(n, 32))
}

// isoLoop is directories that are all the root.
func isoLoop() []byte {
	size := uint32(9000 * 44)
	return isoVolume(isoRoot(func(yield func([]byte) bool) {
		yield(isoRecord("\x00", 2, 20, size))
		yield(isoRecord("\x01", 2, 20, size))
		for i := range 8000 {
			if !yield(isoRecord(fmt.Sprintf("%X", i), 2, 20, size-uint32(i))) {
				return
			}
		}
	}), nil)
}
