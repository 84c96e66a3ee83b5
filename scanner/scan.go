package scanner

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive"
	"github.com/fivefifty/fivefifty/internal/budget"
	"github.com/fivefifty/fivefifty/internal/filetype"
	"github.com/fivefifty/fivefifty/internal/spool"
)

// scan is one message's walk. Only it nests: what is open is a stack of frames,
// so that depth is the stack's length and no input drives recursion.
type scan struct {
	*Scanner
	ctx    context.Context
	budget *budget.Budget
	store  *spool.Store
	report *Report
	live   map[*item]struct{}    // items whose bytes are held, for release
	seen   map[content]*examined // examined already, for equal bytes

	tooDeep bool // Limits.Depth was met

	hints      hints
	locked     []*locked   // not opened yet for want of a password
	candidates []candidate // of hintsRead hints
	words      []string    // of the candidates
	hintsRead  int
	tries      archive.Keys
}

func newScan(ctx context.Context, s *Scanner) *scan {
	return &scan{
		Scanner: s,
		ctx:     ctx,
		budget:  budget.New(s.limits.budget()),
		store:   spool.NewStore(s.tempDir, s.limits.MemoryBytes),
		report:  &Report{Schema: Schema, Reference: newReference()},
		live:    make(map[*item]struct{}),
		seen:    make(map[content]*examined),
		tries:   archive.Keys{Work: s.limits.KeyWork},
	}
}

// frame yields the items of one opened container or message, nil at the end.
type frame interface {
	next() *item
	close()
}

// examineReady examines what the message that is arriving has completed.
func (sc *scan) examineReady(m *message) {
	for it := m.pop(); it != nil; it = m.pop() {
		sc.examine(it)
	}
}

// examine inspects an item, and everything in it, to the last.
func (sc *scan) examine(it *item) {
	sc.run(sc.inspect(it, nil))
}

// run empties the stack: every frame on it and every one that opens on the way.
func (sc *scan) run(stack []frame) {
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		child := top.next()
		switch child {
		case nil:
			top.close()
			stack = stack[:len(stack)-1]
		case skipped:
		default:
			stack = sc.inspect(child, stack)
		}
	}
}

// inspect asks the engines about a complete item and pushes what it opens to.
func (sc *scan) inspect(it *item, stack []frame) []frame {
	defer it.unref() // frames hold references of their own
	if !it.hasBody() {
		sc.askMembers(it)
		sc.judge(it)
		return stack
	}
	if err := it.obj.body.Finish(); err != nil {
		it.fail(ReasonEngine, "spool", err)
		sc.judge(it)
		return stack
	}
	it.complete()
	sc.askMembers(it)
	sc.detect(it)
	sc.judge(it)
	if err := sc.stopped(); err != nil {
		it.unexamined(err)
		return stack
	}
	it.message = it.isMessage()
	known := sc.known(it)
	if known == asked {
		return stack
	}
	sc.ask(it)
	if known == opened {
		return stack
	}
	sc.hints.addObject(it)
	return sc.open(it, stack)
}

// stopped returns why nothing more may be examined, nil if it may.
func (sc *scan) stopped() error {
	if err := context.Cause(sc.ctx); err != nil {
		return err
	}
	return sc.budget.CheckTime()
}

// halted returns why no container may be read on, nil if it may.
func (sc *scan) halted() error {
	if err := context.Cause(sc.ctx); err != nil {
		return err
	}
	return sc.budget.Tick()
}

// open pushes a frame for each way in which the item can be opened, so that the
// likeliest is on top.
func (sc *scan) open(it *item, stack []frame) []frame {
	it.flagClosed()
	formats := sc.formats(it)
	if !it.message && len(formats) == 0 {
		return stack
	}
	if err := sc.budget.CheckDepth(it.depth + 1); err != nil {
		sc.tooDeep = true
		it.limit(err)
		return stack
	}
	for i := len(formats) - 1; i >= 0; i-- {
		stack = append(stack, sc.newContainer(it, formats[i]))
	}
	if it.message {
		stack = append(stack, sc.newMessage(it))
	}
	return stack
}

// formats returns the container formats whose signature occurs in the item. The base64 of
// a message is decoded as that of its parts.
func (sc *scan) formats(it *item) (formats []archive.Format) {
	it.guard("archive", func() {
		formats = archive.Detect(it.obj, it.obj.Size)
	})
	if it.typ.Class == filetype.Message && it.message {
		formats = slices.DeleteFunc(formats, func(f archive.Format) bool { return f == archive.Base64 })
	}
	return formats
}

// scanAttachment scans r as one file.
func (s *Scanner) scanAttachment(ctx context.Context, name string, r io.Reader) (*Report, error) {
	sc := newScan(ctx, s)
	defer sc.release()
	sc.report.File = name
	it := sc.addRoot(cutName(name), "")
	if base := baseName(name); base != "" && base != "-" {
		it.obj.Names = []string{base}
		it.obj.Path = cutName(base)
	}
	it.open(sc, 0)
	err := sc.fill(it, r)
	if err != nil {
		it.addUnchecked(Unchecked{Reason: ReasonIncomplete, Detail: quote(err.Error())})
	}
	sc.budget.Resume()
	sc.examine(it)
	sc.examineLocked()
	sc.budget.Pause()
	if err == nil {
		err = context.Cause(ctx)
		if err != nil {
			it.addUnchecked(Unchecked{Reason: ReasonIncomplete, Detail: quote(err.Error())})
		}
	}
	return sc.finish(it.obj.Size), err
}

// fill copies the file into the item, up to its limits.
func (sc *scan) fill(it *item, r io.Reader) error {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := r.Read(*buf)
		sc.budget.Resume()
		full := it.append((*buf)[:n])
		sc.budget.Pause()
		switch {
		case full:
			return nil
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("scanner: reading the file: %w", err)
		case sc.ctx.Err() != nil:
			return context.Cause(sc.ctx)
		}
	}
}

// finish judges the whole and completes the report.
func (sc *scan) finish(size int64) *Report {
	r := sc.report
	r.Objects = treeOrder(r.Objects)
	r.Stats = Stats{
		CacheHits:    r.Stats.CacheHits,
		MessageBytes: size,
		DecodedBytes: sc.budget.Total(),
		SpooledBytes: sc.store.Spooled(),
		Objects:      len(r.Objects),
		Duration:     sc.budget.Spent(),
	}
	sc.policy.conclude(r)
	return r
}

// release gives back what items still hold, after an abandoned scan.
func (sc *scan) release() {
	for it := range sc.live {
		it.drop()
	}
}
