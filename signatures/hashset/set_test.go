package hashset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// inspect scans content as a file with s and returns the signatures found.
func inspect(t testing.TB, s *Set, content string) (signatures []string) {
	t.Helper()
	scan, err := scanner.New(scanner.Config{Engines: []scanner.Engine{s}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.ScanFile(context.Background(), "x.bin", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings() {
		if f.Engine != "hashset" || f.Source == "" {
			t.Errorf("finding %+v", f)
		}
		signatures = append(signatures, f.Signature)
	}
	return signatures
}

// Every entry of a large set is found, and nothing else.
func TestLargeSet(t *testing.T) {
	const n = 20_000
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%x:*:name-%d\n", sha256.Sum256([]byte(fmt.Sprint(i))), i)
	}
	s, warnings := read(t, list.String())
	if s.Len() != n || len(warnings) > 0 {
		t.Fatalf("%d entries, %v", s.Len(), warnings)
	}
	for i := range 2 * n {
		sum := sha256.Sum256([]byte(fmt.Sprint(i)))
		want, got := "", ""
		if i < n {
			want = fmt.Sprint("name-", i)
		}
		got = named(t, s, sum[:])
		if got != want {
			t.Fatalf("%d: found %q, want %q", i, got, want)
		}
	}
}

// named returns the name of an entry for a file of SHA-256 digest, "" if there is none.
func named(t testing.TB, s *Set, digest []byte) (name string) {
	t.Helper()
	l := lookup{set: s}
	if err := l.find(fileSHA256, digest, 1, ""); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.found {
		name = f.Signature
	}
	return name
}

// MD5 is taken only for objects whose size an entry gives.
func TestSizesSpareDigests(t *testing.T) {
	s, _ := read(t, md5Hex+":32:W\n")
	for content, want := range map[string]bool{body: true, body + "x": false} {
		scan, err := scanner.New(scanner.Config{Engines: []scanner.Engine{s}})
		if err != nil {
			t.Fatal(err)
		}
		report, err := scan.ScanFile(context.Background(), "x", strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(report.Objects[0].MD5) > 0; got != want {
			t.Errorf("%q: MD5 taken: %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(md5Hex + ":32:W:10:216\n")
	f.Add("# sha256_hash, size, signature\n" + sha256Hex + ", 32, \"W\"\n")
	f.Add("SHA1 (a) = " + sha1Hex + "\nb|" + sha1Hex + "\n" + sha1Hex + ";c\n")
	f.Add("\"\n\"," + sha1Hex)
	f.Fuzz(func(t *testing.T, list string) {
		// What stands before an own line must not lose it, unless it makes the
		// list something else: a CSV or NSRL's.
		var b Builder
		if err := b.Read(strings.NewReader(list+"\n"+sha256Hex+"\n"), "fuzz"); err != nil {
			t.Fatal(err)
		}
		warnings := b.Warnings()
		s := b.Build()
		if lines := strings.Count(list, "\n") + 2; len(warnings) > lines {
			t.Fatalf("%d warnings for %d lines", len(warnings), lines)
		}
		digest, _ := hex.DecodeString(sha256Hex)
		found := false
		if s.tables[fileSHA256].Rows > 0 {
			found = named(t, s, digest) != ""
		}
		if !found && !strings.Contains(list, ",") {
			t.Fatalf("the digest was lost behind %q", list)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	var list strings.Builder
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&list, "%x\n", sha256.Sum256([]byte(fmt.Sprint(i))))
	}
	s, _ := read(b, list.String())
	for name, from := range map[string]int{"hit": 0, "miss": n} {
		b.Run("case="+name, func(b *testing.B) {
			digests := make([][sha256.Size]byte, 1024)
			for i := range digests {
				digests[i] = sha256.Sum256([]byte(fmt.Sprint(from + i)))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_ = s.tables[fileSHA256].find(digests[i%len(digests)][:], 1, func(uint32) {})
			}
		})
	}
}
