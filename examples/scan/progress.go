package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	progressDelay = time.Second            // what is faster shows none
	progressEvery = 200 * time.Millisecond // between two lines
	progressName  = 40                     // characters of a file's name
)

// progress shows on a terminal how far the work is, on one line that is written
// over and over. A nil progress shows nothing.
type progress struct {
	w      io.Writer
	mu     sync.Mutex
	begun  time.Time
	last   time.Time
	shown  bool
	closed bool
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, begun: time.Now()}
}

// update shows how much is done, and the file that is done last.
func (p *progress) update(t *tally, file string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.closed || now.Sub(p.begun) < progressDelay || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.w, "\r\x1b[K%s", progressLine(t, file, now.Sub(p.begun)))
}

// progressLine fits in 80 columns.
func progressLine(t *tally, file string, spent time.Duration) string {
	if name := []rune(safe(file)); len(name) > progressName {
		file = "…" + string(name[len(name)-progressName+1:])
	} else {
		file = string(name)
	}
	done := t.malicious + t.blocked + t.unchecked + t.clean + t.failed
	return fmt.Sprintf("%d done, %s, %d refused, %.0f s  %s", done, humanBytes(t.bytes), t.malicious+t.blocked, spent.Seconds(), file)
}

// clear takes the line away before something else is written.
func (p *progress) clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// end clears the line for good.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.clear()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}
