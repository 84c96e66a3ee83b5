package office

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func BenchmarkOffice(b *testing.B) {
	body := []byte(archivetest.Text(4 << 20))
	b.Run("format=ole", func(b *testing.B) {
		archivetest.BenchFormat(b, OLE, cfbForge{files: []cfbFile{{"stream", body}}}.bytes(), len(body))
	})
	b.Run("format=vba", func(b *testing.B) {
		source := "Attribute VB_Name = \"M\"\r\n" + archivetest.Text(1<<20)
		archivetest.BenchFormat(b, OLE, cfbForge{files: macroFiles("Macros", source, nil)}.bytes(), len(source))
	})
	b.Run("format=lzfu", func(b *testing.B) {
		rtf := archivetest.Text(256 << 10)
		files := []cfbFile{{msgProperties, make([]byte, 32)}, {property(mapiRTF, mapiBinary), lzfuPack(rtf)}}
		archivetest.BenchFormat(b, OLE, cfbForge{files: files}.bytes(), len(rtf))
	})
	b.Run("format=tnef", func(b *testing.B) {
		f := newTNEF()
		f.attach("a.js", body, nil)
		archivetest.BenchFormat(b, TNEF, f.Bytes(), len(body))
	})
	b.Run("format=rtf", func(b *testing.B) {
		archivetest.BenchFormat(b, RTF, rtfObject(archivetest.RTFLines(hex.EncodeToString(ole1Bytes("Package", packageBytes("a.js", string(body)))))), len(body))
	})
	b.Run("format=one", func(b *testing.B) {
		archivetest.BenchFormat(b, One, oneSectionBytes(oneBlobBytes(string(body), uint64(len(body)))), len(body))
	})
	b.Run("format=rc4", func(b *testing.B) {
		_, description := rc4Pad(true, excelPassword, 1024, 1024)
		book := workbookBytes(append([]byte{1, 0}, description...), 0, nil)
		for n := 0; n < len(body); n += 8000 {
			book = append(append(book, 0xFC, 0, 0x40, 0x1F), body[:8000]...)
		}
		archivetest.BenchFormat(b, OLE, cfbForge{files: []cfbFile{{"Workbook", book}}}.bytes(), len(book))
	})
}

// BenchmarkPlainDecoders is what the decoders below take by themselves.
func BenchmarkPlainDecoders(b *testing.B) {
	body := []byte(archivetest.Text(4 << 20))
	digits := []byte(hex.EncodeToString(body))
	b.Run("decoder=hex", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			io.CopyBuffer(struct{ io.Writer }{io.Discard}, hex.NewDecoder(bytes.NewReader(digits)), archivetest.Sink[:])
		}
	})
	b.Run("decoder=zlib", func(b *testing.B) {
		var packed bytes.Buffer
		w := zlib.NewWriter(&packed)
		w.Write(body)
		w.Close()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			z, err := zlib.NewReader(bytes.NewReader(packed.Bytes()))
			if err != nil {
				b.Fatal(err)
			}
			io.CopyBuffer(struct{ io.Writer }{io.Discard}, z, archivetest.Sink[:])
		}
	})
}

// BenchmarkOLEMembers shows that cost is linear in the number of streams.
func BenchmarkOLEMembers(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		var files []cfbFile
		for i := range n {
			files = append(files, cfbFile{fmt.Sprint("stream", i), []byte(archivetest.Payload)})
		}
		data := cfbForge{files: files}.bytes()
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, OLE, data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}

// BenchmarkRTFNested shows what objects in objects cost before the limit ends them.
func BenchmarkRTFNested(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		data := []byte(`{\rtf1` + string(bytes.Repeat([]byte(`{\objdata 0000`), n)))
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r, err := level.Open(RTF, bytes.NewReader(data), int64(len(data)), level.Limits{Members: 1 << 20})
				for err == nil {
					_, err = r.Next()
				}
			}
		})
	}
}
