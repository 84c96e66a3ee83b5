//go:build cgo

package yara

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// ruleSet makes n rules of the usual kind: some strings, one of them in hex, and
// a bound on the size. The first rule uses the pe module if pe is set.
func ruleSet(n int, pe bool) string {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	if pe {
		b.WriteString("import \"pe\"\nrule with_pe { condition: pe.number_of_sections > 90 }\n")
	}
	for i := range n {
		fmt.Fprintf(&b, "rule r%d {\n\tmeta:\n\t\tdescription = \"benchmark\"\n\t\tscore = 75\n\tstrings:\n", i)
		for j := range 4 {
			fmt.Fprintf(&b, "\t\t$s%d = \"%x-%x\" ascii wide\n", j, rnd.Uint64(), rnd.Uint32())
		}
		fmt.Fprintf(&b, "\t\t$h = { %02X %02X ?? %02X %02X %02X [2-6] %02X }\n", rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256))
		b.WriteString("\tcondition:\n\t\tfilesize < 10MB and 3 of them\n}\n")
	}
	return b.String()
}

// BenchmarkInspect measures the time for one object: 1 KiB shows what each
// object costs however small, 4 MiB the throughput.
func BenchmarkInspect(b *testing.B) {
	for _, rules := range []int{1, 100, 1000} {
		for _, pe := range []bool{false, true} {
			e := newEngine(b, ruleSet(rules, pe))
			for _, size := range []int{1 << 10, 4 << 20} {
				b.Run(fmt.Sprintf("rules=%d/pe=%t/bytes=%d", rules, pe, size), func(b *testing.B) {
					benchmarkObject(b, e, strings.Repeat("some text that no rule asks for, 0123456789\r\n", size/45+1)[:size], nil)
				})
			}
		}
	}
}

// BenchmarkInspectNames measures an object with four names under a rule that
// depends on the name, among many that do not.
func BenchmarkInspectNames(b *testing.B) {
	e := newEngine(b, ruleSet(1000, true)+"rule named { condition: filename == \"x\" }")
	text := strings.Repeat("some text that no rule asks for, 0123456789\r\n", 1<<16/45)
	for _, n := range []int{1, 4} {
		b.Run(fmt.Sprintf("names=%d", n), func(b *testing.B) {
			benchmarkObject(b, e, text, strings.Fields("a.txt b.exe c.js d.pdf")[:n])
		})
	}
}

func benchmarkObject(b *testing.B, e *Engine, body string, names []string) {
	withObject(b, "x.bin", body, func(ctx context.Context, obj *scanner.Object) {
		// The Scanner's own limit of time is for one message.
		ctx = context.WithoutCancel(ctx)
		if names != nil {
			obj.Names = names
		}
		b.SetBytes(obj.Size)
		b.ReportAllocs()
		for b.Loop() {
			if found, err := e.Inspect(ctx, obj); err != nil || len(found) != 0 {
				b.Fatal(found, err)
			}
		}
	})
}

// BenchmarkNew measures the compilation, with and without bad rules among them.
func BenchmarkNew(b *testing.B) {
	text := ruleSet(1000, true)
	for _, bad := range []int{0, 5} {
		cfg := Config{Sources: []Source{{Text: text + strings.Repeat("rule bad { condition: $x }\n", min(bad, 1))}}}
		for i := range max(bad-1, 0) {
			cfg.Sources[0].Text = strings.Replace(cfg.Sources[0].Text, fmt.Sprintf("rule r%d {", i*200+100), fmt.Sprintf("rule bad%d { condition: $x }\nrule r%d {", i, i*200+100), 1)
		}
		b.Run(fmt.Sprintf("rules=1000/bad=%d", bad), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				e, warnings, err := New(cfg)
				if err != nil || len(warnings) != bad {
					b.Fatal(warnings, err)
				}
				e.Close()
			}
		})
	}
}
