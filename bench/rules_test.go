//go:build cgo

package bench

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/bench/internal/floor"
	"github.com/fivefifty/fivefifty/bench/internal/workload"
	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/signatures/yara"
	"github.com/fivefifty/fivefifty/verdictcache"
	goyara "github.com/hillu/go-yara/v4"
)

// ruleCount is the size of a collection that a mail server may well have.
const ruleCount = 500

// ruleSides returns the sides that match rules too.
func ruleSides(tb testing.TB) []side { return matchSides(tb, workload.Rules(ruleCount), ruleCount) }

func matchSides(tb testing.TB, text string, rules int) []side {
	tb.Helper()
	engine, warnings, err := yara.New(yara.Config{Sources: []yara.Source{{Name: "bench", Text: text}}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { engine.Close() })
	if len(warnings) > 0 || engine.Rules() != rules {
		tb.Fatalf("%d rules, warnings %v", engine.Rules(), warnings)
	}
	s := newScanner(tb, scanner.Config{Engines: []scanner.Engine{engine}})
	return []side{pull("fivefifty+rules", s), ruleFloor(tb, text), cached(tb, engine)}
}

// cached is the side that has met the message before: an outbreak.
func cached(tb testing.TB, engine scanner.Engine) side {
	tb.Helper()
	cache, err := verdictcache.New(64 << 20)
	if err != nil {
		tb.Fatal(err)
	}
	return pull("fivefifty+rules+cache", newScanner(tb, scanner.Config{Engines: []scanner.Engine{engine}, Cache: cache}))
}

// ruleFloor is the floor, and one scan by libyara of each object but the message
// itself, which engines do not see. The scanner is made once, which the library
// cannot do: libyara keeps the entry point of one object for the next.
func ruleFloor(tb testing.TB, text string) side {
	tb.Helper()
	rules, err := goyara.Compile(text, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(rules.Destroy)
	s, err := goyara.NewScanner(rules)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Destroy)
	const noTryCatch goyara.ScanFlags = 4 // SCAN_FLAGS_NO_TRYCATCH, as in the library
	var found goyara.MatchRules
	s.SetFlags(noTryCatch | goyara.ScanFlagsFastMode).SetTimeout(time.Minute).SetCallback(&found)
	f := floor.New()
	return side{"floor+rules", func(m *workload.Mail) (work, error) {
		if err := f.Run(m); err != nil {
			return work{}, err
		}
		for i := range m.Objects[1:] {
			if err := s.ScanMem(m.Objects[i+1].Data); err != nil {
				return work{}, err
			}
		}
		if len(found) > 0 {
			n := len(found)
			found = nil
			return work{}, fmt.Errorf("%d rules match", n)
		}
		return work{}, nil
	}}
}

// No rule matches the workload, and one more that does is met by both sides: the
// rules are matched at every object's last bytes.
func TestRules(t *testing.T) {
	clean := ruleSides(t)
	for _, maker := range workload.Makers {
		if maker.Name == "attachment-25MiB" {
			continue // the one of 1 MiB is made in the same way
		}
		t.Run("mail="+maker.Name, func(t *testing.T) {
			m := maker.Make()
			for _, sd := range clean {
				if _, err := sd.run(m); err != nil {
					t.Errorf("side=%s: %v", sd.name, err)
				}
			}
			data := m.Objects[len(m.Objects)-1].Data
			planted := fmt.Sprintf("rule Planted { strings: $a = { % x } condition: $a }\n", bytes.TrimSpace(data[len(data)-40:]))
			for _, sd := range matchSides(t, planted+workload.Rules(10), 11) {
				if _, err := sd.run(m); err == nil {
					t.Errorf("side=%s does not meet the rule", sd.name)
				}
			}
		})
	}
}
