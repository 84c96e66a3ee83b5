// Command milter scans mail for Postfix and Sendmail while they receive it.
//
//	milter [--config file]
//	milter check [--config file]
package main

import (
	"github.com/fivefifty/fivefifty/examples/internal/daemon"
	"github.com/fivefifty/fivefifty/examples/internal/milterserver"
)

func main() {
	daemon.Main(daemon.Program[*config]{
		Name: "milter", Defaults: defaultConfig, Read: readConfig, New: newService,
		About: "a filter by which Postfix and Sendmail scan mail while they receive it",
	})
}

func newService(env daemon.Env, cfg *config, check bool) (daemon.Service, error) {
	server, err := milterserver.New(milterserver.Options{
		Scanners: env.Scanners, Observe: env.Metrics.Observe, Header: cfg.Header, Direction: cfg.Direction, Log: env.Log,
		MaxConnections: cfg.Limits.Connections, IdleTimeout: cfg.Limits.Idle, Progress: cfg.Limits.Progress,
	})
	if err != nil || check {
		return nil, err
	}
	return daemon.On(server, &cfg.Sockets, env.Log)
}
