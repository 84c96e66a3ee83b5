// Command clamd answers clamd's protocol, so that whatever can ask clamd can ask
// Fivefifty.
//
//	clamd [--config file]
//	clamd check [--config file]
package main

import (
	"github.com/fivefifty/fivefifty/examples/internal/clamdserver"
	"github.com/fivefifty/fivefifty/examples/internal/daemon"
)

func main() {
	daemon.Main(daemon.Program[*config]{
		Name: "clamd", Defaults: defaultConfig, Read: readConfig, New: newService,
		About: "a daemon that answers clamd's protocol, for whatever can ask clamd",
	})
}

func newService(env daemon.Env, cfg *config, check bool) (daemon.Service, error) {
	opts := clamdserver.Options{
		Scanners: env.Scanners, Observe: env.Metrics.Observe, Version: cfg.Version, Log: env.Log, LimitNames: cfg.ClamavLimitNames,
		MaxConnections: cfg.Limits.Connections, CommandTimeout: cfg.Limits.Command, StreamTimeout: cfg.Limits.Stream,
		StreamTotal: cfg.Limits.StreamTotal,
	}
	if cfg.AllowShutdown {
		opts.Shutdown = env.Stop
	}
	server, err := clamdserver.New(opts)
	if err != nil || check {
		return nil, err
	}
	return daemon.On(server, &cfg.Sockets, env.Log)
}
