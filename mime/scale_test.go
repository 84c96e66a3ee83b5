package mime

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// repeater is a reader of head, then n times unit, made as it is read.
type repeater struct {
	head, unit string
	n          int64 // bytes of units left
	rest       []byte
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.head != "" {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if len(r.rest) == 0 {
		if r.n <= 0 {
			return 0, io.EOF
		}
		r.rest = []byte(strings.Repeat(r.unit, max(1, 32<<10/len(r.unit))))
		r.rest = r.rest[:min(int64(len(r.rest)), r.n)]
		r.n -= int64(len(r.rest))
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// scales are messages that grow: n is the number of what they have many of.
var scales = []struct {
	name  string
	sizes []int
	limit Limits
	make  func(n int) io.Reader
}{
	{"levels", []int{625, 2500, 10_000}, Limits{Depth: 20_000, Entities: 50_000}, func(n int) io.Reader {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", i, i)
		}
		b.WriteString("\nA\n")
		for i := n - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "--b%dx--\n", i)
		}
		return strings.NewReader(b.String())
	}},
	{"levels-same", []int{625, 2500, 10_000}, Limits{Depth: 20_000, Entities: 50_000}, func(n int) io.Reader {
		return strings.NewReader(strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", n))
	}},
	{"levels-of-prefixes", []int{625, 2500, 10_000}, Limits{Depth: 20_000, Entities: 50_000}, func(n int) io.Reader {
		var b strings.Builder
		for i := range n {
			name := strings.Repeat("x", 1+i%60)
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%s\n\n--%s\n", name, name)
		}
		return strings.NewReader(b.String())
	}},
	{"unclosed", []int{400, 1600, 6400}, Limits{}, func(n int) io.Reader {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return strings.NewReader(b.String())
	}},
	{"parts", []int{6250, 25_000, 100_000}, Limits{Entities: 200_000}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=b\n\n", unit: "--b\n\nA\n", n: int64(n) * 7}
	}},
	{"parts-of-two-boundaries", []int{6250, 25_000, 100_000}, Limits{Entities: 500_000}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=b; boundary=c\n\n", unit: "--b\n\nA\n--c\n\nB\n", n: int64(n) * 7}
	}},
	{"doubtful-delimiters", []int{6250, 25_000, 100_000}, Limits{Entities: 500_000}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", unit: "A\n --b\nB\n--bx\nC--b\nD\r--b\rE\n--b\n\n", n: int64(n) * 6}
	}},
	{"header-bytes", []int{16 << 20, 64 << 20, 1 << 30}, Limits{}, func(n int) io.Reader {
		return &repeater{unit: "X-Header: a value of a field that goes on and on\n", n: int64(n)}
	}},
	{"header-line", []int{16 << 20, 64 << 20, 1 << 30}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Subject: ", unit: "a value of a field that goes on and on ", n: int64(n)}
	}},
	{"boundary-64k", []int{16, 64, 256}, Limits{}, func(n int) io.Reader {
		name := strings.Repeat("0123456789abcdef", 4096)
		return &repeater{head: "Content-Type: multipart/mixed; boundary=" + name + "\n\n", unit: "--" + name + "\n\nA\n", n: int64(n) * 65543}
	}},
	{"boundaries-per-line", []int{6250, 25_000, 100_000}, Limits{}, func(n int) io.Reader {
		var b strings.Builder
		b.WriteString("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n")
		for i := range n {
			fmt.Fprintf(&b, "--c%d\n", i)
		}
		return strings.NewReader(b.String())
	}},
	{"multiparts-in-text", []int{6250, 25_000, 100_000}, Limits{Entities: 500_000}, func(n int) io.Reader {
		return &repeater{head: "Subject: x\n\n", unit: "--b\nContent-Type: a/b\n\nA\n", n: int64(n) * 25}
	}},
	{"quotes-in-text", []int{6250, 25_000, 100_000}, Limits{Entities: 500_000}, func(n int) io.Reader {
		return &repeater{head: "Subject: x\n\n", unit: "> Received: a\n> Content-Type: a/b\n>\n> A\nB\n", n: int64(n) * 44}
	}},
	{"equal-signs", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Content-Transfer-Encoding: quoted-printable\n\n", unit: "=", n: int64(n)}
	}},
	{"dashes", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", unit: "-", n: int64(n)}
	}},
	{"dashes-boundary", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", 60) + "b\n\n", unit: "-", n: int64(n)}
	}},
	{"double-dashes", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", unit: "a--", n: int64(n)}
	}},
	{"lines-of-dashes", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", unit: "--\n", n: int64(n)}
	}},
	{"glued", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		name := strings.Repeat("x", 900)
		return &repeater{head: "Content-Type: multipart/mixed; boundary=" + name + "y\n\n--" + name + "y\n\na", unit: "--" + name, n: int64(n)}
	}},
	{"mail-from", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Subject: x\n\n", unit: "\nRSET\nMAIL FROM:", n: int64(n)}
	}},
	{"smuggled", []int{1 << 20, 4 << 20, 16 << 20}, Limits{Entities: 2_000_000}, func(n int) io.Reader {
		return &repeater{head: "Subject: x\n\n", unit: "\n.\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nx\n", n: int64(n)}
	}},
	{"utf-16", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "S\x00u\x00b\x00j\x00e\x00c\x00t\x00:\x00 \x00x\x00\n\x00\n\x00", unit: "a\x00", n: int64(n)}
	}},
	{"utf-7", []int{1 << 20, 4 << 20, 16 << 20}, Limits{}, func(n int) io.Reader {
		return &repeater{head: "Content-Type: text/plain; charset=utf-7\n\n", unit: "+AGEAYgBj-", n: int64(n)}
	}},
}

// BenchmarkScale walks what grows; the time per byte must not.
func BenchmarkScale(b *testing.B) {
	for _, s := range scales {
		for _, n := range s.sizes {
			b.Run(fmt.Sprintf("of=%s/n=%d", s.name, n), func(b *testing.B) {
				size, _ := io.Copy(io.Discard, s.make(n))
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					if err := Walk(s.make(n), &discard{}, s.limit); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// walkCost walks what s makes and returns the time, and the memory that was in use
// at the most.
func walkCost(t *testing.T, r io.Reader, l Limits) (d time.Duration, most uint64) {
	t.Helper()
	w, err := NewWalker(&discard{}, l)
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	buf := make([]byte, 64<<10)
	start := cpuTime()
	var sampling time.Duration
	for i := 0; ; i++ {
		n, err := r.Read(buf)
		if _, werr := w.Write(buf[:n]); werr != nil {
			t.Fatal(werr)
		}
		if i%256 == 0 {
			at := cpuTime()
			if runtime.ReadMemStats(&m); m.HeapAlloc > before {
				most = max(most, m.HeapAlloc-before)
			}
			sampling += cpuTime() - at
		}
		if err == io.EOF {
			break
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return cpuTime() - start - sampling, most
}

// TestScale demands that four times the size takes no more than about four times
// the time.
func TestScale(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, s := range scales {
		t.Run(s.name, func(t *testing.T) {
			var times []time.Duration
			for _, n := range s.sizes[:2] {
				n /= 4
				best := time.Hour
				var most uint64
				for range 2 {
					d, m := walkCost(t, s.make(n), s.limit)
					best, most = min(best, d), max(most, m)
				}
				times = append(times, best)
				t.Logf("n=%d: %v, %d KiB in use", n, best, most>>10)
			}
			if times[1] > 10*times[0]+20*time.Millisecond {
				t.Errorf("4 times the size took %.1f times the time", float64(times[1])/float64(times[0]))
			}
		})
	}
}

// TestGiganticHeader demands that a header that does not end is read within bounded
// memory; BenchmarkScale has one of 1 GiB.
func TestGiganticHeader(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, unit := range []string{"X-Header: a value of a field that goes on and on\n", "x", "x\n", " \n", "Content-Type: multipart/mixed; boundary=b\n", "a: b\r\r\n"} {
		const size = 16 << 20
		d, most := walkCost(t, &repeater{head: "Subject: ", unit: unit, n: size}, Limits{})
		t.Logf("%q: %d MiB, %v, %d KiB in use", unit, size>>20, d, most>>10)
		if most > 64<<20 {
			t.Errorf("%q: %d MiB in use", unit, most>>20)
		}
	}
}
