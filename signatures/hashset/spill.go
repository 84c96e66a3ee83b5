package hashset

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// spillBytes is what the rows in memory may take if there is a Temp.
const spillBytes = 32 << 20

// spillFile is a temporary file of sorted runs.
type spillFile struct {
	f     *os.File
	size  int64
	order []place // kept from run to run
}

// spill writes all rows in memory to the temporary file.
func (b *Builder) spill() error {
	if b.spilled.f == nil {
		f, err := os.CreateTemp(b.Temp, "fivefifty-hashes-*")
		if err != nil {
			return fmt.Errorf("hashset: %w", err)
		}
		os.Remove(f.Name()) // where a file can lose its name before its end; else discard does it
		b.spilled.f = f
	}
	for k := range kinds {
		if g := &b.gathered[k]; len(g.rows) > 0 {
			rows := g.sorted(widths[k]+extraBytes, b.spilled.order)
			b.spilled.order = rows.order[:0]
			r, err := b.spilled.write(rows)
			if err != nil {
				return fmt.Errorf("hashset: %w", err)
			}
			g.runs = append(g.runs, r)
			g.rows = g.rows[:0]
		}
	}
	b.inMemory = 0
	return nil
}

// write appends a run.
func (s *spillFile) write(rows source) (run, error) {
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.f, s.size), 256<<10)
	r := run{at: s.size}
	for {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return r, err
		}
		w.Write(row)
		r.length += int64(len(row))
	}
	s.size += r.length
	return r, w.Flush()
}

// merged returns all rows of a kind in order.
func (b *Builder) merged(k kind) (*merged, error) {
	g, width := &b.gathered[k], widths[k]+extraBytes
	sources := []source{g.sorted(width, nil)}
	for _, r := range g.runs {
		sources = append(sources, newRunSource(b.spilled.f, r, width))
	}
	return merge(sources)
}

// discard gives up all that was read.
func (b *Builder) discard() {
	if f := b.spilled.f; f != nil {
		f.Close()
		os.Remove(f.Name())
	}
	*b = Builder{}
}
