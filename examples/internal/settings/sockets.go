package settings

import (
	"errors"
	"fmt"
	"net"

	"github.com/fivefifty/fivefifty/examples/internal/listen"
)

// Sockets are where a program listens, the first keys of its configuration.
type Sockets struct {
	Listen     Addresses // "unix:/path" or "host:port"; sockets that systemd passes replace them
	SocketMode string    `toml:"socket_mode"` // of unix sockets, octal
}

// Check returns what is wrong with the keys.
func (s *Sockets) Check() (err error) {
	if len(s.Listen) == 0 {
		err = errors.New("listen: no address")
	}
	if _, e := listen.Mode(s.SocketMode); e != nil {
		err = errors.Join(err, fmt.Errorf("socket_mode: %q is no file mode", s.SocketMode))
	}
	return err
}

// Open opens all of them, or none.
func (s *Sockets) Open() ([]net.Listener, error) {
	mode, err := listen.Mode(s.SocketMode)
	if err != nil {
		return nil, err
	}
	return listen.All(s.Listen, mode)
}
