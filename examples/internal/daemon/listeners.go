package daemon

import (
	"context"
	"log/slog"
	"net"
)

// Server is a protocol's server.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// On makes a Service of a server and the listeners that it serves.
func On(s Server, listeners []net.Listener, log *slog.Logger) Service {
	return &listening{Server: s, listeners: listeners, log: log}
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
