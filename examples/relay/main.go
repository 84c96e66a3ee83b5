// Command relay is an SMTP relay that scans mail while it passes and refuses
// what is infected in the session.
//
//	relay [--config file] [--listen address]
//	relay check [--config file]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/examples/internal/daemon"
	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/examples/internal/smtprelay"
)

func main() {
	var address string
	daemon.Main(daemon.Program[*config]{
		Name: "relay", Defaults: defaultConfig,
		About: "an SMTP relay that scans mail while it passes, and refuses what is infected in the session",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&address, "listen", "", "`address` to listen on, instead of the configuration's")
		},
		Read: readConfig,
		New: func(env daemon.Env, cfg *config, check bool) (daemon.Service, error) {
			if address != "" {
				cfg.Listen = settings.Addresses{address}
			}
			return newService(env, cfg, check)
		},
	})
}

func newService(env daemon.Env, cfg *config, check bool) (daemon.Service, error) {
	opts, err := cfg.options(env, check)
	if err != nil {
		return nil, err
	}
	var sink *smtprelay.Sink
	if cfg.Upstream == "sink" {
		opts.Upstream.Addr, opts.Upstream.TLS = "127.0.0.1:0", smtprelay.TLSOff
		if !check {
			if sink, err = startSink(env.Out); err != nil {
				return nil, err
			}
			opts.Upstream.Addr = sink.Addr()
		}
	}
	relay, err := smtprelay.New(opts)
	if err != nil || check {
		return nil, err
	}
	env.Metrics.Watch(relay.Connections)
	s, err := daemon.On(relay, &cfg.Sockets, env.Log.With("upstream", cfg.Upstream))
	if sink != nil && err == nil {
		s = withSink{s, sink}
	}
	return s, err
}

// withSink ends the built-in upstream behind the relay.
type withSink struct {
	daemon.Service
	sink *smtprelay.Sink
}

func (s withSink) Shutdown(ctx context.Context) error {
	defer s.sink.Close()
	return s.Service.Shutdown(ctx)
}

// startSink starts the built-in upstream, which prints what it gets.
func startSink(out io.Writer) (*smtprelay.Sink, error) {
	return smtprelay.NewSink(func(d smtprelay.Delivery) {
		// One Write call: deliveries come from several goroutines.
		fmt.Fprintf(out, "delivered from=%q to=%q subject=%q size=%d sha256=%s\n",
			d.From, strings.Join(d.To, ","), d.Subject, d.Size, d.SHA256)
	})
}
