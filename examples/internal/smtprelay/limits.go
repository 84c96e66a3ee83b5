package smtprelay

import (
	"context"
	"net"
	"sync"
	"time"
)

// connTable counts the connections, in all and by client.
type connTable struct {
	maxAll, maxClient int

	mu       sync.Mutex
	all      map[*conn]struct{}
	byClient map[string]int
}

func newConnTable(maxAll, maxClient int) *connTable {
	return &connTable{
		maxAll: maxAll, maxClient: maxClient,
		all: make(map[*conn]struct{}), byClient: make(map[string]int),
	}
}

// add takes c in, or says that there are too many.
func (t *connTable) add(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) >= t.maxAll || t.byClient[c.client] >= t.maxClient {
		return false
	}
	t.all[c] = struct{}{}
	t.byClient[c.client]++
	c.onClose = func() { t.remove(c) }
	return true
}

func (t *connTable) remove(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, c)
	if t.byClient[c.client]--; t.byClient[c.client] <= 0 {
		delete(t.byClient, c.client)
	}
}

func (t *connTable) list() []*conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*conn, 0, len(t.all))
	for c := range t.all {
		list = append(list, c)
	}
	return list
}

// drain refuses every connection as soon as no message is under way on it, and
// returns when none is left or ctx ends; those left then are closed.
func (t *connTable) drain(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := t.list()
		if len(left) == 0 {
			return nil
		}
		for _, c := range left {
			if !c.busy() {
				c.refuse("421 4.3.2 Service shutting down")
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			for _, c := range t.list() {
				c.Close()
			}
			return ctx.Err()
		}
	}
}

// listener admits clients within the limits.
type listener struct {
	net.Listener
	relay *Relay
}

// Accept implements net.Listener; a client over the limits gets 421 and is
// never seen by the server.
func (l *listener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, client: addressOf(nc), idle: l.relay.opts.IdleTimeout}
		if l.relay.conns.add(c) {
			return c, nil
		}
		l.relay.opts.Log.Warn("too many connections", "client", c.client)
		go c.refuse("421 4.7.0 Too many connections, try again later")
	}
}

func addressOf(nc net.Conn) string {
	host, _, err := net.SplitHostPort(nc.RemoteAddr().String())
	if err != nil {
		return nc.RemoteAddr().String()
	}
	return host
}

// listeners are those that Shutdown closes before it drains.
type listeners struct {
	mu     sync.Mutex
	open   []net.Listener
	closed bool
}

func (t *listeners) add(l net.Listener) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		l.Close()
	}
	t.open = append(t.open, l)
}

func (t *listeners) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, l := range t.open {
		l.Close()
	}
}
