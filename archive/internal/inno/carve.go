package inno

import (
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// continued yields what a slice begins with of a chunk that began in another one.
func (w *walker) continued() error {
	from, end := w.parts.slice, w.size
	if len(w.parts.chunks) > 0 {
		end = w.parts.chunks[0]
	}
	if from == 0 || from >= end {
		return nil
	}
	m := &level.Member{Size: end - from, Method: "stored"}
	level.AddName(m, "continued", w.limits.NameBytes)
	w.Yield(m, &input.Packed{Member: m, R: &level.Marked{R: saferead.Section(w.src, from, end-from, w.size)}, Size: -1, Before: true})
	return nil
}

// carveBlocks yields the blocks that belong to no setup.
func (w *walker) carveBlocks() error {
	for len(w.parts.blocks) > 0 {
		at := w.parts.blocks[0]
		w.parts.blocks = w.parts.blocks[1:]
		if w.blocks[at] || w.covered.has(at) {
			continue
		}
		b, err := headOf(w.src, at, w.size, 64)
		if err != nil {
			return err
		}
		h, ok := parseBlock(b)
		if !ok {
			continue
		}
		// A header has the entries of files behind it, whatever stands before it.
		next, err := headOf(w.src, at+int64(h.head)+h.size, w.size, 64)
		if err != nil {
			return err
		}
		if _, ok := parseBlock(next); ok {
			s := &setup{w: w, number: w.setups, at: at - idBytes, pos: at}
			w.setups++
			w.Then(s.nextBlock, w.carveBlocks)
			return nil
		}
		w.Then(w.program(fmt.Sprintf("block-%d", at), at, h, 0), w.carveBlocks)
		return nil
	}
	return nil
}

// carvePrograms yields the setup program where it is not in a block, as old versions
// have it.
func (w *walker) carvePrograms() error {
	for len(w.parts.tables) > 0 {
		t := w.parts.tables[0]
		w.parts.tables = w.parts.tables[1:]
		if t.packed == 0 || t.program <= 0 || t.program >= w.size || w.blocks[t.program] || w.covered.has(t.program) {
			continue
		}
		w.blocks[t.program] = true
		c := &chunk{w: w, at: t.program - int64(len(chunkMark)), packed: t.packed}
		w.Then(c.whole(fmt.Sprintf("program-%d", t.program)), w.carvePrograms)
		return nil
	}
	return nil
}

// carveChunks yields the chunks that no entry leads to, or that could not be read as
// their entries say.
func (w *walker) carveChunks() error {
	for len(w.parts.chunks) > 0 {
		at := w.parts.chunks[0]
		w.parts.chunks = w.parts.chunks[1:]
		if w.covered.has(at) {
			continue
		}
		c := &chunk{w: w, at: at, packed: w.size - at, more: w.parts.slice > 0}
		if w.closed {
			m := &level.Member{Size: -1, Method: "stored", Encrypted: true, Err: errWrong}
			level.AddName(m, fmt.Sprintf("chunk-%d", at), w.limits.NameBytes)
			w.Then(w.carveChunks)
			w.Yield(m, nil)
			return nil
		}
		if w.setups > 0 {
			w.Note(anomaly.Gap)
		}
		w.Then(c.whole(fmt.Sprintf("chunk-%d", at)), w.carveChunks)
		return nil
	}
	return nil
}

// carve accounts for n bytes that were looked at once more.
func (w *walker) carve(n int64) { w.carved += n }

// carvedOut says whether there were too many.
func (w *walker) carvedOut() error {
	if w.carved > maxCarved*max(w.size, 1<<20) {
		return fmt.Errorf("parts that no entry leads to: %w", level.ErrLimit)
	}
	return nil
}

// maxCarved is how many times the size of a file is read for what nothing leads to.
const maxCarved = 16

// whole yields a chunk of which nothing is known but where it begins. What is not packed
// ends where the next one begins.
func (c *chunk) whole(name string) level.Step {
	return func() error {
		w := c.w
		m := &level.Member{Size: -1}
		level.AddName(m, name, w.limits.NameBytes)
		if err := w.carvedOut(); err != nil {
			return err
		}
		if err := c.reopen(); err != nil {
			return err
		}
		if c.broken == nil && c.method == "stored" {
			if i, found := slices.BinarySearch(w.parts.chunks, c.at+1); !found && i < len(w.parts.chunks) {
				c.packed = min(c.packed, w.parts.chunks[i]-c.at-int64(len(chunkMark)))
				if err := c.reopen(); err != nil {
					return err
				}
			}
		}
		m.Method = c.method
		if c.broken != nil {
			m.Err = c.broken
			c.release()
			w.Yield(m, nil)
			return nil
		}
		b := &body{c: c, m: m, raw: piece{c, -1}}
		b.r = &b.raw
		w.Then(func() error {
			if !b.ended {
				n, err := io.CopyN(io.Discard, b, 1<<20)
				w.drained += n
				if err := sourceErrorOf(err); err != nil {
					return err
				}
			}
			if c.in != nil {
				n := c.in.At()
				w.carve(n)
				if c.broken == nil {
					w.covered.add(c.at, c.at+int64(len(chunkMark))+n)
				}
			}
			c.release()
			return nil
		})
		w.Yield(m, b)
		return nil
	}
}
