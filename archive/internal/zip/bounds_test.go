//go:build unix

package zip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// cost reads a file up to a bound of output, as a caller with a budget does.
func cost(t testing.TB, src io.ReaderAt, size int64, limits level.Limits, most int64) (members int, bytesOut int64, err error) {
	t.Helper()
	r, err := level.Open(Format, src, size, limits)
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	for bytesOut < most {
		if _, err = r.Next(); err != nil {
			return members, bytesOut, err
		}
		members++
		n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(r, most-bytesOut), archivetest.Sink[:])
		bytesOut += n
	}
	return members, bytesOut, nil
}

// zeroStream is a deflate stream of about n*1032 zero bytes in n bytes.
func zeroStream(n int) []byte {
	return archivetest.Pack(8, string(make([]byte, n*1030)))
}

// quotedFlood is Fifield's quoted overlap: each of n members quotes the header of
// the next in a stored block, and all share the last one's data.
func quotedFlood(n int, kernel []byte) []byte {
	var out, dir bytes.Buffer
	var offsets []int
	name := func(i int) string { return fmt.Sprintf("%06d", i) }
	header := func(i int) string {
		var b bytes.Buffer
		archivetest.Put(&b, uint32(0x04034b50), uint16(20), uint16(0), uint16(8), uint32(0), uint32(0), uint32(0), uint32(0), uint16(6), uint16(0), name(i))
		return b.String()
	}
	for i := range n {
		offsets = append(offsets, out.Len())
		out.WriteString(header(i))
		if i < n-1 {
			size := uint16(localBytes + 6)
			out.WriteByte(0)
			archivetest.Put(&out, size, ^size)
		}
	}
	out.Write(kernel)
	for i := range n {
		archivetest.Put(&dir, uint32(0x02014b50), uint16(20), uint16(20), uint16(0), uint16(8), uint32(0), uint32(0), uint32(0), uint32(0),
			uint16(6), uint16(0), uint16(0), uint16(0), uint16(0), uint32(0), uint32(offsets[i]), name(i))
	}
	at, size := uint32(out.Len()), uint32(dir.Len())
	out.Write(dir.Bytes())
	archivetest.Put(&out, uint32(0x06054b50), uint16(0), uint16(0), uint16(n), uint16(n), size, at, uint16(0), "")
	return out.Bytes()
}

// floods are files that cost much for their size in careless readers.
func floods(scale int) map[string][]byte {
	zombie := func(h *head) { h.method, h.usize = 0, h.usize+1 }
	var decoys, encrypted, descriptors, lzma []entry
	zeros := zeroStream(300)
	for i := range 40 * scale {
		name := fmt.Sprint(i)
		decoys = append(decoys, entry{name: name, method: 8, raw: zeros, local: zombie, central: zombie})
		encrypted = append(encrypted, entry{name: name, method: 8, raw: zeros, local: func(h *head) { h.flags = 1; h.csize = 1 << 30 }, central: func(h *head) { h.flags = 1; h.csize = 1 << 30 }})
		descriptors = append(descriptors, entry{name: name, raw: []byte("x"), local: func(h *head) { h.flags, h.csize, h.usize = flagDescriptor, 0, 0 }, unlisted: i > 0})
		lzma = append(lzma, entry{name: name, method: 14, raw: []byte("\x09\x14\x05\x00\xe0\xff\xff\xff\xff\x00\x00\x00\x00\x00 and so on"), local: func(h *head) { h.usize = 1 << 31 }, central: func(h *head) { h.usize = 1 << 31 }})
	}
	names := bytes.Repeat([]byte("PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00"), 350*scale)
	emptyBlocks := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 2000*scale)
	return map[string][]byte{
		"signatures":   bytes.Repeat([]byte("PK\x03\x04"), 2600*scale),
		"centrals":     bytes.Repeat([]byte("PK\x01\x02"), 2600*scale),
		"ends":         bytes.Repeat([]byte("PK\x05\x06"+strings.Repeat("\x00", 18)), 480*scale),
		"ends-64":      bytes.Repeat([]byte("PK\x06\x06"+strings.Repeat("\x00", 52)), 180*scale),
		"long-names":   append(names, make([]byte, 65536)...),
		"descriptors":  forge(descriptors, nil, ""),
		"pk78":         forge([]entry{{name: "d", raw: bytes.Repeat([]byte("PK\x07\x08"), 2600*scale), local: func(h *head) { h.flags, h.csize, h.usize = flagDescriptor, 0, 0 }, unlisted: true}}, nil, ""),
		"decoys":       forge(decoys, nil, ""),
		"encrypted":    forge(encrypted, nil, ""),
		"lzma-tables":  forge(lzma, nil, ""),
		"full-overlap": overlapping(100 * scale),
		"quoted":       quotedFlood(20*scale, zeroStream(100)),
		"empty-blocks": quotedFlood(20*scale, append(emptyBlocks, 1, 0, 0, 0xff, 0xff)),
		"concatenated": bytes.Repeat(forge([]entry{listed("a", "body", 0)}, nil, ""), 20*scale),
	}
}

// TestZipFloods: any megabyte costs some passes over it, and memory in proportion.
func TestZipFloods(t *testing.T) {
	for name, data := range floods(40) {
		if len(data) > 4<<20 {
			data = data[len(data)-4<<20:]
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		src := &archivetest.Counter{R: bytes.NewReader(data)}
		members, n, err := cost(t, src, int64(len(data)), level.Limits{}, 100<<20)
		runtime.ReadMemStats(&after)
		t.Logf("%s: %v, %d KiB allocated", name, err, (after.TotalAlloc-before.TotalAlloc)>>10)
		if !errors.Is(err, level.ErrLimit) { // a bound was met, which need not be relative to the size
			src.Check(t, int64(len(data)), members, n)
		}
		if err != nil && err != io.EOF && !errors.Is(err, level.ErrLimit) && !errors.Is(err, level.ErrMalformed) && !errors.Is(err, level.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkZipFloods shows that the cost grows with the size and not with its square.
func BenchmarkZipFloods(b *testing.B) {
	for _, scale := range []int{5, 10, 20, 40} {
		for name, data := range floods(scale) {
			b.Run(fmt.Sprintf("flood=%s/scale=%d", name, scale), func(b *testing.B) {
				start := cpuTime()
				for b.Loop() {
					cost(b, bytes.NewReader(data), int64(len(data)), level.Limits{Members: 1 << 20}, 20<<20)
				}
				b.ReportMetric(float64(cpuTime()-start)/float64(b.N*len(data)), "cpu-ns/byte")
			})
		}
	}
}
