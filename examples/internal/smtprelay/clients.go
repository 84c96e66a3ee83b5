package smtprelay

import (
	"net"
	"net/netip"
	"sync"
)

// clients counts the sessions of each client. IPv6 clients count by /64: whoever
// has one address has all of them.
type clients struct {
	max int

	mu sync.Mutex
	by map[netip.Addr]int
}

func clientKey(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// enter counts a session, or says that the client has too many.
func (t *clients) enter(a netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := clientKey(a)
	if t.by[key] >= t.max {
		return false
	}
	t.by[key]++
	return true
}

func (t *clients) leave(a netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := clientKey(a)
	if t.by[key]--; t.by[key] <= 0 {
		delete(t.by, key)
	}
}

// peerOf is the address at the other end; a unix socket's is the loopback's.
func peerOf(nc net.Conn) netip.AddrPort {
	a, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// contains says whether one of the networks has the address.
func contains(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
