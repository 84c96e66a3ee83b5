package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgedStreams are files of which some reader extracts the marker, and what
// must be said of them.
func forgedStreams(t testing.TB) map[string]struct {
	format  *level.Format
	data    []byte
	class   error  // of the body's error; nil for none
	anomaly string // one that must be there; "": any
} {
	type c = struct {
		format  *level.Format
		data    []byte
		class   error
		anomaly string
	}
	pack := func(name string, args ...string) []byte {
		data, err := archivetest.Pipe(archivetest.Payload, name, args...)
		if err != nil {
			return nil // not installed
		}
		return data
	}
	bent := func(data []byte, at int) []byte {
		if len(data) == 0 {
			return nil
		}
		data = bytes.Clone(data)
		data[(at+len(data))%len(data)] ^= 0x41
		return data
	}
	add := func(data []byte, more string) []byte {
		if len(data) == 0 {
			return nil
		}
		return append(bytes.Clone(data), more...)
	}
	xz, lzma, lzip := pack("xz", "-c"), pack("xz", "--format=lzma", "-c"), pack("lzip", "-c")
	zstd, lz4, old := pack("zstd", "-qc", "--check", fmt.Sprintf("--stream-size=%d", len(archivetest.Payload))), pack("lz4", "-qc", "-BX"), pack("lz4", "-qlc")
	cut := func(data []byte, n int) []byte { return data[:max(0, len(data)-n)] }
	return map[string]c{
		"xz garbage":          {Xz, add(xz, "garbage"), nil, anomaly.Appended},
		"xz garbage between":  {Xz, add(add(pack("xz", "-c"), "garbage"), string(xz)), nil, anomaly.Appended},
		"xz check":            {Xz, bent(xz, -30), level.ErrMalformed, anomaly.CRC},
		"xz index":            {Xz, bent(xz, -19), level.ErrMalformed, ""},
		"xz footer":           {Xz, bent(xz, -1), level.ErrMalformed, anomaly.HeaderCRC},
		"xz header CRC":       {Xz, bent(xz, 9), level.ErrMalformed, anomaly.HeaderCRC},
		"xz block header CRC": {Xz, bent(xz, 21), level.ErrMalformed, anomaly.HeaderCRC},
		"xz no footer":        {Xz, cut(xz, 12), level.ErrMalformed, anomaly.Truncated},
		"xz no index":         {Xz, archivetest.XzOf(0, archivetest.XzBlockOf(archivetest.Payload, "", 0, 0, nil)), level.ErrMalformed, anomaly.Truncated},
		"xz unknown check":    {Xz, archivetest.XzOf(7, archivetest.XzBlockOf(archivetest.Payload, "", 0, 0, make([]byte, 16)), archivetest.XzBlockOf(archivetest.Payload, "", 0, 0, make([]byte, 16))), level.ErrMalformed, ""},
		"xz unknown filter":   {Xz, archivetest.XzOf(0, archivetest.XzBlockOf(archivetest.Payload, "\x7f\x00", 1, 0, nil)), level.ErrUnsupported, ""},
		"xz reserved flags":   {Xz, archivetest.XzOf(0, archivetest.XzBlockOf(archivetest.Payload, "", 0x10, 0, nil)), level.ErrUnsupported, ""},
		"xz broken, then one": {Xz, append(archivetest.XzOf(0, []byte("\x03not a block header that is of any use")), xz...), level.ErrMalformed, ""},
		"xz dictionary":       {Xz, archivetest.XzOf(0, archivetest.XzBlockOf(archivetest.Payload, "", 0, 40, nil)), level.ErrMalformed, anomaly.Truncated}, // of the whole file
		"lzma garbage":        {Lzma, add(lzma, "garbage"), nil, anomaly.Appended},
		"lzma zeros":          {Lzma, add(lzma, "\x00\x00\x00"), nil, ""},
		"lzma size short":     {Lzma, bentSize(lzma, len(archivetest.Payload)-1), level.ErrMalformed, anomaly.Size},
		"lzma size long":      {Lzma, bentSize(lzma, len(archivetest.Payload)+9), level.ErrMalformed, anomaly.Size},
		"lzma size true":      {Lzma, bentSize(lzma, len(archivetest.Payload)), nil, ""},
		"lzma dictionary":     {Lzma, bentDictionary(lzma, 1<<32-1), nil, ""},
		"lzip CRC":            {Lzip, bent(lzip, -18), level.ErrMalformed, anomaly.CRC},
		"lzip size":           {Lzip, bent(lzip, -15), level.ErrMalformed, anomaly.Size},
		"lzip member size":    {Lzip, bent(lzip, -6), level.ErrMalformed, anomaly.Size},
		"lzip no trailer":     {Lzip, cut(lzip, 20), level.ErrMalformed, anomaly.Truncated},
		"lzip version 0":      {Lzip, lzipVersion0(lzip), nil, ""},
		"lzip version 7":      {Lzip, bentByte(lzip, 4, 7), level.ErrUnsupported, ""},
		"lzip dictionary":     {Lzip, bentByte(lzip, 5, 29), nil, ""},
		"lzip no dictionary":  {Lzip, bentByte(lzip, 5, 3), level.ErrMalformed, ""},
		"lzip garbage":        {Lzip, add(add(lzip, "garbage"), string(lzip)), nil, anomaly.Appended},
		"zstd check":          {Zstd, bent(zstd, -1), level.ErrMalformed, anomaly.CRC},
		"zstd garbage":        {Zstd, add(add(zstd, "garbage"), string(zstd)), nil, anomaly.Appended},
		"zstd size":           {Zstd, bentByte(zstd, 5, zstdSize(zstd)+1), level.ErrMalformed, anomaly.Size},
		"zstd old, then one":  {Zstd, append([]byte("\x27\xb5\x2f\xfd of version 0.7"), zstd...), level.ErrUnsupported, ""},
		"zstd no last":        {Zstd, cut(zstd, 4), level.ErrMalformed, anomaly.Truncated},
		"lz4 check":           {Lz4, bent(lz4, -1), level.ErrMalformed, anomaly.CRC},
		"lz4 block check":     {Lz4, bent(lz4, -9), level.ErrMalformed, anomaly.CRC},
		"lz4 header check":    {Lz4, bent(lz4, 6), level.ErrMalformed, anomaly.HeaderCRC},
		"lz4 no end":          {Lz4, cut(lz4, 8), level.ErrMalformed, anomaly.Truncated},
		"lz4 garbage":         {Lz4, add(add(lz4, "garbage"), string(lz4)), nil, anomaly.Appended},
		"lz4 legacy garbage":  {Lz4, add(old, "\xff\xff\xff\xffgarbage"), nil, anomaly.Appended},
		"lz4 old and new":     {Lz4, add(old, string(lz4)), nil, ""},
	}
}

func bentByte(data []byte, at int, to byte) []byte {
	if len(data) == 0 {
		return nil
	}
	data = bytes.Clone(data)
	data[at] = to
	return data
}

func bentSize(data []byte, size int) []byte {
	if len(data) == 0 {
		return nil
	}
	data = bytes.Clone(data)
	binary.LittleEndian.PutUint64(data[5:], uint64(size))
	return data
}

func bentDictionary(data []byte, size uint32) []byte {
	if len(data) == 0 {
		return nil
	}
	data = bytes.Clone(data)
	binary.LittleEndian.PutUint32(data[1:], size)
	return data
}

func zstdSize(data []byte) byte {
	if len(data) < 6 {
		return 0
	}
	return data[5]
}

// lzipVersion0 drops the member's size.
func lzipVersion0(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return bentByte(data[:len(data)-8], 4, 0)
}

func TestStreamsForged(t *testing.T) {
	for name, c := range forgedStreams(t) {
		t.Run(name, func(t *testing.T) {
			if c.data == nil {
				t.Skip("the program is not installed")
			}
			if !archivetest.Detects(c.data, c.format) {
				t.Error("not detected")
			}
			all, r, err := archivetest.ReadAll(t, c.format, c.data)
			if err != nil || len(all) == 0 {
				t.Fatalf("%d members, %v", len(all), err)
			}
			g := all[0]
			t.Logf("%d bytes, %v, %v, %v", len(g.Data), g.Fault, g.Anomalies, r.Anomalies())
			want := archivetest.Payload
			if strings.Contains(name, "short") {
				want = archivetest.Payload[:len(archivetest.Payload)-1]
			}
			if !strings.HasPrefix(g.Data, want) && !strings.Contains(name, "check") {
				t.Error("the marker is not found")
			}
			if c.class == nil && g.Fault != nil || !errors.Is(g.Fault, c.class) {
				t.Errorf("error %v, want %v", g.Fault, c.class)
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
			if strings.Contains(name, "between") || strings.HasSuffix(name, "garbage") && bytes.Count(c.data, c.data[:6]) == 2 {
				if strings.Count(g.Data, archivetest.Payload) != 2 {
					t.Error("the frame behind the garbage is not found")
				}
			}
		})
	}
}

// TestStreamsAppended: zstd goes on with other formats, so what follows is shown.
func TestStreamsAppended(t *testing.T) {
	first, second := archivetest.Tool(t, "first", "zstd", "-qc"), archivetest.Tool(t, archivetest.Payload, "gzip", "-c")
	all, _, err := archivetest.ReadAll(t, Zstd, append(first, second...))
	if err != nil || len(all) != 2 || all[0].Data != "first" || all[1].Data != string(second) || all[1].Reading != "appended" {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestDictionaryLimit meets Limits.Dictionary from both sides.
func TestDictionaryLimit(t *testing.T) {
	body := strings.Repeat(archivetest.Bodies()["noise"], 2) // which reaches back 80,000 bytes
	for name, c := range map[string]struct {
		format     *level.Format
		data       []byte
		dictionary int64
	}{
		"xz":   {Xz, archivetest.Tool(t, body, "xz", "--lzma2=dict=128KiB", "-c"), 128 << 10},
		"lzma": {Lzma, archivetest.Tool(t, body, "xz", "--format=lzma", "--lzma1=dict=128KiB", "-c"), 128 << 10},
		"lzip": {Lzip, archivetest.Tool(t, body, "lzip", "-s128KiB", "-c"), 128 << 10},
		"zstd": {Zstd, archivetest.Tool(t, body+body+body, "zstd", "--zstd=wlog=18", "-qc"), 256 << 10},
		"lz4":  {Lz4, archivetest.Tool(t, body, "lz4", "-B4", "-qc"), 64 << 10},
	} {
		for limit, want := range map[int64]error{64<<10 - 1: level.ErrLimit, c.dictionary: io.EOF, c.dictionary + 1: io.EOF} {
			r, err := level.Open(c.format, bytes.NewReader(c.data), int64(len(c.data)), level.Limits{Dictionary: limit})
			if err == nil {
				_, err = r.Next()
			}
			if err != nil {
				t.Fatal(err)
			}
			var n int64
			if n, err = io.Copy(io.Discard, r); err == nil {
				err = io.EOF
			}
			if !errors.Is(err, want) || n == 0 {
				t.Errorf("%s at %d: %d bytes, %v, want %v", name, limit, n, err, want)
			}
		}
	}
}

// TestStreamBombs: what is small costs little, whatever it declares.
func TestStreamBombs(t *testing.T) {
	xzEmpty := archivetest.XzBlockOf("", "", 0, 37, nil)     // a dictionary of 1.5 GiB
	xzOne := archivetest.XzBlockOf("x", "", 0, 30, nil)      // 64 MiB
	lzipEmpty := archivetest.Tool(t, "", "lzip", "-9", "-c") // 32 MiB
	lzipOne := archivetest.Tool(t, "x", "lzip", "-9", "-c")
	zstdEmpty := []byte("\x28\xb5\x2f\xfd\x00\x80\x01\x00\x00")         // 64 MiB, one empty block
	zstdRaw := []byte("\x28\xb5\x2f\xfd\x00\x80\x09\x00\x00x")          // one byte
	zstdCoded := []byte("\x28\xb5\x2f\xfd\x00\x80\x15\x00\x00\x00\x00") // one empty block that says it is compressed
	lz4Empty := "\x04\x22\x4d\x18\x60\x70\x73\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		format *level.Format
		data   []byte
	}{
		"xz empty blocks":      {Xz, archivetest.XzOf(0, bytes.Repeat(xzEmpty, 200_000))},
		"xz blocks":            {Xz, archivetest.XzOf(0, bytes.Repeat(xzOne, 100_000))},
		"xz streams":           {Xz, bytes.Repeat(archivetest.Tool(t, "", "xz", "-9", "-c"), 100_000)},
		"lzip empty members":   {Lzip, bytes.Repeat(lzipEmpty, 20_000)},
		"lzip members":         {Lzip, bytes.Repeat(lzipOne, 20_000)},
		"zstd empty frames":    {Zstd, bytes.Repeat(zstdEmpty, 500_000)},
		"zstd frames":          {Zstd, bytes.Repeat(zstdRaw, 100_000)},
		"zstd coded":           {Zstd, bytes.Repeat(zstdCoded, 100_000)},
		"zstd skippable":       {Zstd, []byte(strings.Repeat(skippable(""), 500_000))},
		"lz4 empty frames":     {Lz4, []byte(strings.Repeat(lz4Empty, 300_000))},
		"lz4 legacy":           {Lz4, []byte(strings.Repeat("\x02\x21\x4c\x18\x01\x00\x00\x00\x00", 300_000))},
		"lz4 skippable":        {Lz4, []byte(strings.Repeat(skippable(""), 500_000))},
		"gzip empty members":   {Gzip, bytes.Repeat(archivetest.StdGzip(t, "", ""), 100_000)},
		"xz magic":             {Xz, append(archivetest.XzOf(0), bytes.Repeat(XzMagic, 300_000)...)},
		"zstd magic":           {Zstd, bytes.Repeat([]byte("\x28\xb5\x2f\xfd"), 500_000)},
		"lz4 magic":            {Lz4, bytes.Repeat([]byte("\x04\x22\x4d\x18"), 500_000)},
		"gzip magic":           {Gzip, bytes.Repeat([]byte("\x1f\x8b\x08\x00"), 500_000)},
		"bzip2 magic":          {Bzip2, bytes.Repeat([]byte("BZh11AY&SY"), 200_000)},
		"lzip magic":           {Lzip, bytes.Repeat([]byte("LZIP\x01\x1a"), 300_000)},
		"compress of one code": {Compress, append([]byte("\x1f\x9d\x90"), make([]byte, 2_000_000)...)},
	} {
		t.Run(name, func(t *testing.T) { archivetest.Cheap(t, c.format, c.data) })
	}
}
