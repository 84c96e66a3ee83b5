package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/fivefifty/fivefifty/bench/internal/naive"
	"github.com/fivefifty/fivefifty/bench/internal/workload"
	"github.com/fivefifty/fivefifty/scanner"
	"github.com/google/go-cmp/cmp"
)

// leaves is how many objects without others in them each message has.
var leaves = map[string]int{
	"small":            1,
	"alternative":      3,
	"attachment-1MiB":  2,
	"attachment-25MiB": 2,
	"nested-zips":      7,
	"many-parts":       500,
	"many-files":       1001,
	"forwarded":        5,
}

// What is measured is real work: every side finds every object with the digest
// that the workload gave it.
func TestWork(t *testing.T) {
	s := newScanner(t, scanner.Config{})
	for _, maker := range workload.Makers {
		t.Run("mail="+maker.Name, func(t *testing.T) {
			m := maker.Make()
			if got := m.Leaves(); got != leaves[m.Name] || m.Name != maker.Name {
				t.Errorf("%q has %d leaves, not %d", m.Name, got, leaves[m.Name])
			}
			want := digests(m)
			t.Run("side=fivefifty", func(t *testing.T) {
				r, err := s.Scan(context.Background(), bytes.NewReader(m.Raw))
				if err != nil {
					t.Fatal(err)
				}
				checkReport(t, m, r)
			})
			t.Run("side=naive", func(t *testing.T) {
				sums, err := naive.Scan(bytes.NewReader(m.Raw))
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, sum := range sums {
					got = append(got, hex.EncodeToString(sum[:]))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
			for _, sd := range []side{push("push", s), floorSide()} { // the floor checks digests itself
				t.Run("side="+sd.name, func(t *testing.T) {
					if _, err := sd.run(m); err != nil {
						t.Error(err)
					}
				})
			}
			if again := maker.Make(); !bytes.Equal(m.Raw, again.Raw) {
				t.Error("message differs from run to run")
			}
			t.Logf("%d bytes, %d objects, %d bytes decoded", len(m.Raw), len(m.Objects), m.Decoded())
		})
	}
}

func digests(m *workload.Mail) []string {
	var sums []string
	for i := range m.Objects {
		sums = append(sums, hex.EncodeToString(m.Objects[i].Sum[:]))
	}
	return sums
}

// checkReport holds a report against the workload: the objects in the order of
// the tree, nothing odd, nothing unexamined.
func checkReport(t *testing.T, m *workload.Mail, r *scanner.Report) {
	t.Helper()
	var got []string
	decoded := m.Decoded()
	for _, o := range r.Objects {
		if isAsItStands(r, o) {
			decoded += o.Size
			continue
		}
		got = append(got, o.SHA256.String())
		encoded := o.Reading == "cte=base64" // a message in base64, which RFC 2046 forbids
		if len(o.Anomalies) > 0 && !encoded || len(o.Unchecked) > 0 {
			t.Errorf("%q: anomalies %q, unchecked %v", o.Path, o.Anomalies, o.Unchecked)
		}
	}
	if diff := cmp.Diff(digests(m), got); diff != "" {
		t.Error(diff)
	}
	if r.Verdict != scanner.VerdictClean {
		t.Errorf("verdict is %v", r.Verdict)
	}
	if r.Stats.DecodedBytes != decoded {
		t.Errorf("%d bytes decoded, not %d", r.Stats.DecodedBytes, decoded)
	}
}

// The floor and the naive scanner fail when the bytes are not the workload's, so
// that neither can win by doing less.
func TestSidesFail(t *testing.T) {
	m := workload.Alternative()
	m.Objects[2].Sum = sha256.Sum256([]byte("another"))
	if _, err := floorSide().run(m); err == nil {
		t.Error("the floor accepts a wrong digest")
	}
	m.Objects = m.Objects[:2]
	for _, sd := range sides(t) {
		if _, err := sd.run(m); err == nil && sd.name != "floor" {
			t.Errorf("side=%s accepts a wrong number of objects", sd.name)
		}
	}
}
