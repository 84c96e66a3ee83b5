package bench

import (
	"slices"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/bench/internal/workload"
	"github.com/fivefifty/fivefifty/scanner"
)

// eachMail runs f as a sub-benchmark of every message.
func eachMail(b *testing.B, f func(*testing.B, *workload.Mail)) {
	for _, maker := range workload.Makers {
		b.Run("mail="+maker.Name, func(b *testing.B) { f(b, maker.Make()) })
	}
}

// BenchmarkScan measures each side alone. Bytes are those of the raw message.
func BenchmarkScan(b *testing.B) {
	eachMail(b, func(b *testing.B, m *workload.Mail) {
		for _, sd := range append(sides(b), ruleSides(b)...) {
			b.Run("side="+sd.name, func(b *testing.B) {
				b.SetBytes(int64(len(m.Raw)))
				b.ReportAllocs()
				var last work
				for b.Loop() {
					var err error
					if last, err = sd.run(m); err != nil {
						b.Fatal(err)
					}
				}
				if last.spooled > 0 {
					b.ReportMetric(float64(last.spooled), "spooled-B/op")
				}
			})
		}
	})
}

// turnBytes is how much raw mail a side works on before it is another's turn:
// enough that reading the clock does not count.
const turnBytes = 256 << 10

// BenchmarkRatio measures the sides in turns, so that whatever else the machine
// does meets all of them. It reports the medians of the turns' times as ratios:
// x-floor is ours through the floor's, and less is better; x-naive is the naive
// scanner's through ours, and more is better.
func BenchmarkRatio(b *testing.B) {
	eachMail(b, func(b *testing.B, m *workload.Mail) {
		s := newScanner(b, scanner.Config{})
		times := inTurns(b, m, floorSide(), pull("fivefifty", s), naiveSide(), push("push", s))
		floor, ours, naive, pushed := times[0], times[1], times[2], times[3]
		b.ReportMetric(ours/floor, "x-floor")
		b.ReportMetric(pushed/floor, "push-x-floor")
		b.ReportMetric(naive/ours, "x-naive")
	})
}

// BenchmarkRatioRules is BenchmarkRatio with rules, on both sides, and with what the
// verdict cache makes of ours: x-cache is the time with it through the time without.
func BenchmarkRatioRules(b *testing.B) {
	all := ruleSides(b)
	if len(all) == 0 {
		b.Skip("no rules without cgo")
	}
	eachMail(b, func(b *testing.B, m *workload.Mail) {
		times := inTurns(b, m, all...)
		b.ReportMetric(times[0]/times[1], "x-floor")
		b.ReportMetric(times[2]/times[0], "x-cache")
	})
}

// inTurns runs the sides one after the other for as long as b wants, and returns
// the median time of each, in nanoseconds.
func inTurns(b *testing.B, m *workload.Mail, all ...side) []float64 {
	turns := make([][]time.Duration, len(all))
	repeat := max(1, turnBytes/len(m.Raw))
	for b.Loop() {
		for i, sd := range all {
			start := time.Now()
			for range repeat {
				if _, err := sd.run(m); err != nil {
					b.Fatal(err)
				}
			}
			turns[i] = append(turns[i], time.Since(start))
		}
	}
	b.ReportMetric(0, "ns/op") // of all sides together, which says nothing
	medians := make([]float64, len(all))
	for i := range turns {
		medians[i] = median(turns[i])
	}
	return medians
}

func median(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2])
}

// BenchmarkParallel measures one Scanner that is used by as many goroutines as
// there are processors.
func BenchmarkParallel(b *testing.B) {
	eachMail(b, func(b *testing.B, m *workload.Mail) {
		for _, sd := range []side{pull("fivefifty", newScanner(b, scanner.Config{})), naiveSide()} {
			b.Run("side="+sd.name, func(b *testing.B) {
				b.SetBytes(int64(len(m.Raw)))
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := sd.run(m); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	})
}
