package archive

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/nwaples/rardecode/v2"

	"github.com/fivefifty/fivefifty/internal/lha"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/lzx"
	"github.com/fivefifty/fivefifty/internal/ppmd"
)

// beside runs a container through Open, and the plain decoder on what it holds.
func beside(b *testing.B, f Format, data []byte, n int, name string, plain func() io.Reader) {
	b.Run("reader=archive", func(b *testing.B) {
		b.SetBytes(int64(n))
		b.ReportAllocs()
		for b.Loop() {
			drain(b, f, data)
		}
	})
	b.Run("reader="+name, func(b *testing.B) {
		b.SetBytes(int64(n))
		for b.Loop() {
			if got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, plain(), sink[:]); err != nil || got != int64(n) {
				b.Fatal(got, err)
			}
		}
	})
}

// packWith packs a text with a program, or skips.
func packWith(b *testing.B, body, out string, args ...string) []byte {
	b.Helper()
	tool, err := exec.LookPath(args[0])
	if err != nil {
		b.Skip(args[0] + " is not installed")
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(body), 0o666); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(tool, args[1:]...)
	cmd.Dir = dir
	if msg, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, msg)
	}
	data, err := os.ReadFile(filepath.Join(dir, out))
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func Benchmark7z(b *testing.B) {
	body := text(2 << 20)
	for _, method := range []string{"LZMA", "LZMA2", "PPMd", "Deflate", "BZip2", "Copy"} {
		b.Run("method="+method, func(b *testing.B) {
			data := packWith(b, body, "a.7z", "7z", "a", "-m0="+method, "a.7z", "f")
			raw := data[start7z:]
			switch method {
			case "LZMA":
				p := lzma.Props{LC: 3, PB: 2, Dict: 16 << 20}
				beside(b, SevenZip, data, len(body), "lzma", func() io.Reader { return lzma.NewReader(bytes.NewReader(raw), p, int64(len(body)), 64<<20) })
			case "LZMA2":
				beside(b, SevenZip, data, len(body), "lzma", func() io.Reader { return lzma.NewReader2(bytes.NewReader(raw), 16<<20, 64<<20) })
			case "PPMd":
				m := ppmd.New(16 << 20)
				beside(b, SevenZip, data, len(body), "ppmd", func() io.Reader { return ppmd.NewReader7z(bytes.NewReader(raw), m, 6, int64(len(body))) })
			default:
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					drain(b, SevenZip, data)
				}
			}
		})
	}
}

func BenchmarkRar5(b *testing.B) {
	body := text(1 << 20)
	data := forgeRar5([]rarFile{{name: "f", body: body, raw: rar5Literals(body)}}, true)
	beside(b, Rar, data, len(body), "rardecode", func() io.Reader {
		r, err := rardecode.NewReader(bytes.NewReader(data))
		if err == nil {
			_, err = r.Next()
		}
		if err != nil {
			b.Fatal(err)
		}
		return struct{ io.Reader }{r}
	})
}

func BenchmarkCab(b *testing.B) {
	body := text(2 << 20)
	b.Run("method=mszip", func(b *testing.B) {
		c := forgedCab{method: cabMSZIP, blocks: mszip(body), files: []forgedCabFile{{"f", uint32(len(body)), 0, 0}}}
		raw := pack(8, body)
		beside(b, Cab, c.bytes(), len(body), "flate", func() io.Reader { return flate.NewReader(bytes.NewReader(raw)) })
	})
	b.Run("method=lzx", func(b *testing.B) {
		frame := lzxPlain(body[:lzx.FrameSize])
		c := forgedCab{method: cabLZX | 15<<8, blocks: []cabBlockOf{{frame, lzx.FrameSize}}, files: []forgedCabFile{{"f", lzx.FrameSize, 0, 0}}}
		beside(b, Cab, c.bytes(), lzx.FrameSize, "lzx", func() io.Reader {
			d, _ := lzx.New(15)
			out := make([]byte, lzx.FrameSize)
			n, err := d.Frame(out, frame)
			if err != nil {
				b.Fatal(err)
			}
			return struct{ io.Reader }{bytes.NewReader(out[:n])}
		})
	})
}

func BenchmarkArj(b *testing.B) {
	body := text(2 << 20)
	data := packWith(b, body, "a.arj", "arj", "a", "-y", "a.arj", "f")
	at := bytes.LastIndex(data[:200], []byte("f\x00\x00")) + 3 + 4 + 2
	beside(b, Arj, data, len(body), "lha", func() io.Reader { return lha.NewReader(lha.ARJ, bytes.NewReader(data[at:]), int64(len(body))) })
}

func BenchmarkLzh(b *testing.B) {
	body := text(2 << 20)
	data := packWith(b, body, "a.lzh", "jlha", "-ao50", "a.lzh", "f")
	w := &lzhWalker{src: bytes.NewReader(data), size: int64(len(data))}
	h, err := w.header(0)
	if err != nil || h == nil {
		b.Fatal(h, err)
	}
	raw := data[h.data:]
	beside(b, Lzh, data, len(body), "lha", func() io.Reader { return lha.NewReader(lha.LH5, bytes.NewReader(raw), int64(len(body))) })
}

func BenchmarkSzdd(b *testing.B) {
	body := text(2 << 20)
	data := szddOf(body)
	beside(b, Szdd, data, len(body), "lzss", func() io.Reader { return newLZSS(bytes.NewReader(data[14:]), lzssWindow-16) })
}

func BenchmarkChm(b *testing.B) {
	body := text(1 << 20)
	data := packedChm("s", file{name: "/f", data: body}).bytes()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, Chm, data)
	}
}

// BenchmarkPackedMembers shows that the cost of a member does not grow with their
// number.
func BenchmarkPackedMembers(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		names, bodies := make([]string, n), make([]string, n)
		for i := range n {
			names[i], bodies[i] = fmt.Sprintf("file-%d", i), "a small body"
		}
		rars, arjs, lzhs := make([]rarFile, n), make([]forgedArj, n), make([]forgedLzh, n)
		cab := forgedCab{blocks: nil}
		z := stored7z("", "")
		z.names, z.sizes, z.crcs = names, nil, nil
		for i := range n {
			rars[i] = rarFile{name: names[i], body: bodies[i]}
			arjs[i] = forgedArj{name: names[i], body: bodies[i]}
			lzhs[i] = forgedLzh{name: names[i], body: bodies[i]}
			cab.files = append(cab.files, forgedCabFile{names[i], 12, uint32(12 * i), 0})
			z.crcs = append(z.crcs, crc32.ChecksumIEEE([]byte(bodies[i])))
			if i > 0 {
				z.sizes = append(z.sizes, 12)
			}
		}
		all := strings.Join(bodies, "")
		z.packed, z.unpacked = []byte(all), int64(len(all))
		cab.blocks, cab.method = mszip(all), cabMSZIP
		for _, c := range []struct {
			f    Format
			data []byte
		}{{Rar, forgeRar5(rars, true)}, {SevenZip, z.bytes()}, {Cab, cab.bytes()}, {Arj, forgeArj(arjs...)}, {Lzh, forgeLzh(lzhs...)}} {
			b.Run(fmt.Sprintf("format=%s/members=%d", c.f, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					drain(b, c.f, c.data)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
			})
		}
	}
}
