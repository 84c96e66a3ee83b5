//go:build linux

package hashset

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkLarge builds, opens and asks sets of many digests, 10,000 times as many
// as there are names:
//
//	go test ./signatures/hashset -run '^$' -bench Large -hashes 50000000
//
// cpu-ns/op is the processor's time, user and system, which other work on the
// machine does not lengthen much. With -map Go's map is measured beside.
var (
	largeHashes = flag.Int("hashes", 1_000_000, "digests in BenchmarkLarge")
	largeMap    = flag.Bool("map", false, "measure Go's map in BenchmarkLarge")
)

const largeNames = 500

// generated is digest i of w bytes, spread as digests are (SplitMix64).
func generated(d []byte, i uint64) {
	for j := 0; j+4 <= len(d); j += 4 {
		x := (i<<3 | uint64(j/4)) * 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint32(d[j:], uint32(x^x>>31))
	}
}

// writeList writes digests of w bytes as a list, with sizes or without.
func writeList(out io.Writer, n, w int, sized bool) {
	buf := bufio.NewWriterSize(out, 1<<16)
	d, line := make([]byte, w), []byte(nil)
	for i := range n {
		generated(d, uint64(i))
		line = hex.AppendEncode(line[:0], d)
		if sized {
			line = fmt.Appendf(line, ":%d", 1000+uint32(d[0])<<14+uint32(d[1]))
		} else {
			line = append(line, ":*"...)
		}
		line = fmt.Appendf(line, ":Win.Trojan.Agent-%d:73\n", i%largeNames)
		buf.Write(line)
	}
	buf.Flush()
}

func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// resident returns what /proc/self/status says of a field, in bytes.
func resident(field string) float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), field+":")
	var kib float64
	fmt.Sscan(rest, &kib)
	return kib * 1024
}

func timed(b *testing.B, op func(i uint64)) {
	begun, i := cpu(), uint64(0)
	for b.Loop() {
		op(i)
		i++
	}
	b.ReportMetric((cpu()-begun)/float64(b.N), "cpu-ns/op")
}

func BenchmarkLarge(b *testing.B) {
	for _, c := range []struct {
		name  string
		kind  kind
		sized bool
	}{{"SHA-256", fileSHA256, false}, {"SHA-1", fileSHA1, false}, {"MD5", fileMD5, false}, {"MD5-sized", fileMD5, true}} {
		b.Run("digest="+c.name, func(b *testing.B) { benchmarkLarge(b, c.kind, c.sized) })
	}
	if *largeMap {
		b.Run("digest=SHA-256/set=map", benchmarkMap)
	}
}

func benchmarkLarge(b *testing.B, k kind, sized bool) {
	path := filepath.Join(b.TempDir(), "x"+Extension)
	b.Run("op=build", func(b *testing.B) {
		runtime.GC()
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak is that of now
		timed(b, func(uint64) {
			in, out := io.Pipe()
			go func() {
				writeList(out, *largeHashes, widths[k], sized)
				out.Close()
			}()
			builder := Builder{Temp: filepath.Dir(path)}
			if err := builder.Read(in, "list"); err != nil {
				b.Fatal(err)
			}
			if err := builder.WriteFile(path); err != nil {
				b.Fatal(err)
			}
		})
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(*largeHashes), "file-B/hash")
		b.ReportMetric(float64(info.Size())/float64(*largeHashes)/float64(widths[k]), "file/digests")
		b.ReportMetric(resident("VmHWM"), "peak-B")
	})
	b.Run("op=open", func(b *testing.B) {
		timed(b, func(uint64) {
			s, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			s.Close()
		})
	})
	for _, op := range []string{"miss", "hit"} {
		b.Run("op="+op, func(b *testing.B) { benchmarkLookup(b, path, k, op == "hit") })
	}
}

// lookups is how many digests are asked for in turn: more than a cache holds.
const lookups = 1 << 20

// evict has the system forget a file's bytes.
func evict(b *testing.B, path string) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
		b.Fatal(errno)
	}
}

// benchmarkLookup starts with nothing of the file in memory: what is resident
// after a million lookups is what they needed.
func benchmarkLookup(b *testing.B, path string, k kind, hit bool) {
	evict(b, path)
	s := opened(b, path)
	w, n := widths[k], uint64(*largeHashes)
	asked := make([]byte, lookups*w)
	for i := range uint64(lookups) {
		at := n + i
		if hit {
			at = i * 7919 % n
		}
		generated(asked[i*uint64(w):][:w], at)
	}
	runtime.GC()
	before, found := resident("RssFile"), 0
	t := &s.tables[k]
	ask := func(i uint64) {
		d := asked[i%lookups*uint64(w):][:w]
		size := int64(1000 + uint32(d[0])<<14 + uint32(d[1]))
		if err := t.find(d, size, func(uint32) { found++ }); err != nil {
			b.Fatal(err)
		}
	}
	for i := range uint64(lookups) {
		ask(i)
	}
	if hit != (found == lookups) || !hit && found > 0 {
		b.Fatalf("%d found", found)
	}
	took := resident("RssFile") - before
	timed(b, ask)
	b.ReportMetric(took, "resident-B")
}

func benchmarkMap(b *testing.B) {
	runtime.GC()
	before, begun := resident("RssAnon"), cpu()
	m := map[[32]byte]uint32{}
	for i := range *largeHashes {
		var d [32]byte
		generated(d[:], uint64(i))
		m[d] = uint32(i % largeNames)
	}
	built := cpu() - begun
	runtime.GC()
	took := resident("RssAnon") - before
	for _, op := range []string{"miss", "hit"} {
		b.Run("op="+op, func(b *testing.B) {
			asked := make([][32]byte, lookups)
			for i := range asked {
				at := *largeHashes + i
				if op == "hit" {
					at = i * 7919 % *largeHashes
				}
				generated(asked[i][:], uint64(at))
			}
			found := 0
			timed(b, func(i uint64) {
				if _, ok := m[asked[i%lookups]]; ok {
					found++
				}
			})
			b.ReportMetric(took, "resident-B")
			b.ReportMetric(built/1e9, "build-cpu-s")
		})
	}
	runtime.KeepAlive(m)
}
