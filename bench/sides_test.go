package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/bench/internal/floor"
	"github.com/fivefifty/fivefifty/bench/internal/naive"
	"github.com/fivefifty/fivefifty/bench/internal/workload"
	"github.com/fivefifty/fivefifty/scanner"
)

// side is one of those that are compared. A run does the whole work on a message
// once, and fails if what came out is not the work.
type side struct {
	name string
	run  func(*workload.Mail) (work, error)
}

// work is what a run has to tell beside its time.
type work struct {
	spooled int64 // bytes that went to disk
}

// pieceBytes is how much an SMTP server hands over at a time: what bufio reads
// from the connection.
const pieceBytes = 4 << 10

func newScanner(tb testing.TB, cfg scanner.Config) *scanner.Scanner {
	tb.Helper()
	cfg.TempDir = tb.TempDir()
	s, err := scanner.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// pull is the side that reads the message from a reader.
func pull(name string, s *scanner.Scanner) side {
	return side{name, func(m *workload.Mail) (work, error) {
		return accept(m)(s.Scan(context.Background(), bytes.NewReader(m.Raw)))
	}}
}

// push is the side that gets the message in pieces.
func push(name string, s *scanner.Scanner) side {
	return side{name, func(m *workload.Mail) (work, error) {
		w := s.NewWriter(context.Background())
		defer w.Close()
		for p := m.Raw; len(p) > 0; {
			n := min(len(p), pieceBytes)
			if _, err := w.Write(p[:n]); err != nil {
				return work{}, err
			}
			p = p[n:]
		}
		return accept(m)(w.Report())
	}}
}

// accept checks cheaply that a report is that of the whole message; the tests
// check each digest.
func accept(m *workload.Mail) func(*scanner.Report, error) (work, error) {
	return func(r *scanner.Report, err error) (work, error) {
		switch {
		case err != nil:
			return work{}, err
		case r.Verdict != scanner.VerdictClean:
			return work{}, fmt.Errorf("verdict is %v", r.Verdict)
		}
		n := 0
		for _, o := range r.Objects {
			if !isAsItStands(r, o) {
				n++
			}
		}
		if n != len(m.Objects) {
			return work{}, fmt.Errorf("%d objects, not %d", n, len(m.Objects))
		}
		return work{spooled: r.Stats.SpooledBytes}, nil
	}
}

// isAsItStands says that an object is the base64 of an attached message, which some
// clients do not decode, or the same message out of that: they are examined too, and
// nobody else does that.
func isAsItStands(r *scanner.Report, o *scanner.Object) bool {
	within := o.SameAs != "" && o.Parent >= 0 && strings.Contains(r.Objects[o.Parent].Reading, "cte=7bit")
	return within || strings.Contains(o.Reading, "cte=7bit")
}

func naiveSide() side {
	return side{"naive", func(m *workload.Mail) (work, error) {
		sums, err := naive.Scan(bytes.NewReader(m.Raw))
		if err == nil && len(sums) != len(m.Objects) {
			err = fmt.Errorf("%d objects, not %d", len(sums), len(m.Objects))
		}
		return work{}, err
	}}
}

// floorSide is not safe for concurrent use.
func floorSide() side {
	f := floor.New()
	return side{"floor", func(m *workload.Mail) (work, error) { return work{}, f.Run(m) }}
}

// sides returns those that every message is measured with.
func sides(tb testing.TB) []side {
	s := newScanner(tb, scanner.Config{})
	return []side{pull("fivefifty", s), push("push", s), naiveSide(), floorSide()}
}
