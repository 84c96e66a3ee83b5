//go:build unix

package yara

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// worker is a matcher in another process. It starts one, and another when that
// has ended.
type worker struct {
	cfg    Config
	orders *os.File
	conns  int // objects at a time
	known  facts

	// An object during which the process ended is tried once more, alone: most
	// likely it was another one that ended it. turn is held for reading by the
	// others, for writing by that one.
	turn sync.RWMutex

	mu       sync.Mutex
	current  *process
	pending  chan struct{} // closed when a start that goes on has ended; nil if none does
	failed   error         // of the last start, and when
	failedAt time.Time
	closed   bool
	started  atomic.Int64
}

const (
	maxInline = 64 << 10 // bytes of an object that go through the connection; larger ones go in a file

	// What a scan may take beyond its time before the process is killed: libyara
	// counts whole seconds and looks at the clock now and then only.
	overtime = 5 * time.Second

	restartPause = time.Second // after a start that failed
)

// errEnded says that the worker's process ended under a request.
var errEnded = errors.New("worker ended")

func newWorker(cfg Config, units []*unit) (matcher, []Warning, error) {
	var err error
	w := &worker{cfg: cfg, conns: runtime.GOMAXPROCS(0)} // which may change, but the process keeps to its orders
	if w.orders, err = writeOrders(cfg, units, w.conns); err != nil {
		return nil, nil, fmt.Errorf("yara: worker: %w", err)
	}
	p, first, err := w.start()
	if err != nil {
		w.orders.Close()
		return nil, first.Warnings, err
	}
	w.current = p
	w.known = facts{reportable: first.Reportable, byName: first.ByName}
	for i := range externals {
		if slices.Contains(first.Externals, externals[i].name) {
			w.known.externals = append(w.known.externals, &externals[i])
		}
	}
	return w, first.Warnings, nil
}

// start starts a process with the rules.
func (w *worker) start() (*process, ready, error) {
	w.started.Add(1)
	p, err := startProcess(w.cfg, w.orders, w.conns)
	if err != nil {
		return nil, ready{}, fmt.Errorf("yara: worker: %w", err)
	}
	first, err := p.hello()
	switch {
	case err != nil:
	case first.Unavailable:
		err = ErrUnavailable
	case first.NoRules:
		err = noRules(first.Warnings)
	case first.Error != "":
		err = errors.New(line(first.Error, 500))
	default:
		return p, first, nil
	}
	p.kill()
	return nil, first, err
}

// process returns a running process, after starting one if need be.
func (w *worker) process(ctx context.Context) (*process, error) {
	for range 3 {
		w.mu.Lock()
		p, pending := w.current, w.pending
		switch {
		case w.closed:
			w.mu.Unlock()
			return nil, ErrClosed
		case p != nil && !p.ended():
			w.mu.Unlock()
			return p, nil
		case pending == nil && w.failed != nil && time.Since(w.failedAt) < restartPause:
			w.mu.Unlock()
			return nil, w.failed
		case pending == nil:
			pending = make(chan struct{})
			w.pending = pending
			go w.restart(pending)
		}
		w.mu.Unlock()
		select {
		case <-pending:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, errors.New("it ends as soon as it is started")
}

// restart starts a process and closes done.
func (w *worker) restart(done chan struct{}) {
	p, _, err := w.start()
	w.mu.Lock()
	w.current, w.failed, w.failedAt, w.pending = p, err, time.Now(), nil
	closed := w.closed
	w.mu.Unlock()
	if closed && p != nil {
		p.kill()
	}
	close(done)
}

func (w *worker) facts() facts { return w.known }

func (w *worker) restarts() int64 { return w.started.Load() - 1 }

func (w *worker) match(ctx context.Context, data []byte, values [][]string) (result, error) {
	w.turn.RLock()
	res, err := w.try(ctx, data, values)
	w.turn.RUnlock()
	if errors.Is(err, errEnded) {
		w.turn.Lock()
		defer w.turn.Unlock()
		res, err = w.try(ctx, data, values)
	}
	if err != nil {
		err = fmt.Errorf("yara: worker: %w", err)
	}
	return res, err
}

// try asks the worker once.
func (w *worker) try(ctx context.Context, data []byte, values [][]string) (result, error) {
	p, err := w.process(ctx)
	if err != nil {
		return result{}, err
	}
	c, err := p.acquire(ctx)
	if err != nil {
		return result{}, err
	}
	defer p.release(c)
	// Each list of values may cost two scans.
	limit := w.cfg.Timeout * time.Duration(2*len(values))
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	if limit <= 0 {
		return result{}, context.DeadlineExceeded
	}
	rep, err := p.ask(c, request{Time: max(limit.Milliseconds(), 1), Values: bytesOf(values)}, data, limit+overtime)
	if err != nil {
		return result{}, err
	}
	return w.judge(rep)
}

// judge takes from a reply what may be believed.
func (w *worker) judge(rep reply) (result, error) {
	res := result{deep: rep.Deep, findings: rep.Findings[:min(len(rep.Findings), w.cfg.MaxMatches)]}
	for i := range res.findings {
		res.findings[i].Engine = engineName
	}
	switch {
	case rep.Timeout:
		return res, fmt.Errorf("%s: %w", line(rep.Error, 500), context.DeadlineExceeded)
	case rep.Error != "":
		return res, errors.New(line(rep.Error, 500))
	}
	return res, nil
}

func bytesOf(values [][]string) [][][]byte {
	lists := make([][][]byte, len(values))
	for i, list := range values {
		lists[i] = make([][]byte, len(list))
		for k, v := range list {
			lists[i][k] = []byte(v)
		}
	}
	return lists
}

func (w *worker) list() ([]Rule, error) {
	p, err := w.process(context.Background())
	if err != nil {
		return nil, err
	}
	c, err := p.acquire(context.Background())
	if err != nil {
		return nil, err
	}
	defer p.release(c)
	var rules []Rule
	rep, err := p.ask(c, request{List: true}, nil, time.Minute)
	for ; err == nil; rep, err = p.answer(c, time.Minute) {
		rules = append(rules, rep.Rules...)
		if !rep.More {
			return rules, nil
		}
	}
	return nil, fmt.Errorf("yara: worker: %w", err)
}

func (w *worker) close() {
	w.mu.Lock()
	p := w.current
	w.closed = true
	w.mu.Unlock()
	if p != nil {
		p.kill()
	}
	w.orders.Close()
}
