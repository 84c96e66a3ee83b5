package daemon

import (
	"context"
	"log/slog"
	"net"

	"github.com/fivefifty/fivefifty/examples/internal/settings"
)

// Server is a protocol's server.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// On makes a Service of a server and the sockets that it serves, which it opens.
func On(s Server, sockets *settings.Sockets, log *slog.Logger) (Service, error) {
	listeners, err := sockets.Open()
	if err != nil {
		return nil, err
	}
	return &listening{Server: s, listeners: listeners, log: log}, nil
}

type listening struct {
	Server
	listeners []net.Listener
	log       *slog.Logger
}

// Serve implements Service. The first listener that fails ends it.
func (l *listening) Serve() error {
	ended := make(chan error, len(l.listeners))
	for _, each := range l.listeners {
		l.log.Info("listening", "address", each.Addr().String())
		go func() { ended <- l.Server.Serve(each) }()
	}
	for range l.listeners {
		if err := <-ended; err != nil {
			return err
		}
	}
	return nil
}
