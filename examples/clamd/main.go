// Command clamd answers clamd's protocol, so that whatever can ask clamd can ask
// Fivefifty.
//
//	clamd [--config file]
//	clamd check [--config file]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/fivefifty/fivefifty/examples/internal/clamdserver"
	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/scanner"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "clamd:", strings.ReplaceAll(err.Error(), "\n", "\nclamd: "))
		}
		os.Exit(2)
	}
}

func run(args []string, out io.Writer) error {
	check := len(args) > 0 && args[0] == "check"
	if check {
		args = args[1:]
	}
	flags := flag.NewFlagSet("clamd", flag.ContinueOnError)
	file := flags.String("config", "", "configuration file (default: the embedded one)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	cfg, err := readConfig(*file)
	if err != nil {
		return err
	}
	if check {
		return checkConfig(cfg, out)
	}
	return serve(cfg, *file)
}

// checkConfig does all that a start would do, except listening.
func checkConfig(cfg *config, out io.Writer) error {
	_, set, err := settings.NewScanner(cfg.Rules, cfg.Policy, true, cfg.scannerLimits())
	if err != nil {
		return err
	}
	defer set.Close()
	for _, w := range set.Warnings {
		fmt.Fprintln(out, "warning:", w)
	}
	fmt.Fprintln(out, "rules:", set.Summary())
	fmt.Fprintln(out, "configuration is good")
	return nil
}

// loader reads the configuration anew at each call but the first.
func loader(cfg *config, file string, log *slog.Logger) live.Load {
	first := true
	return func() (*scanner.Scanner, io.Closer, error) {
		if !first {
			fresh, err := readConfig(file)
			if err != nil {
				return nil, nil, err
			}
			cfg = fresh
		}
		first = false
		s, set, err := settings.NewScanner(cfg.Rules, cfg.Policy, true, cfg.scannerLimits())
		if err != nil {
			return nil, nil, err
		}
		for _, w := range set.Warnings {
			log.Warn("rules", "warning", w)
		}
		log.Info("rules loaded", "summary", set.Summary())
		return s, set, nil
	}
}

// serve runs the daemon until SIGTERM, SIGINT or an obeyed SHUTDOWN.
func serve(cfg *config, file string) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	log := cfg.Log.Logger()
	scanners, err := live.New(loader(cfg, file, log))
	if err != nil {
		return err
	}
	opts := clamdserver.Options{
		Scanners: scanners, Version: cfg.Version, Log: log, LimitNames: cfg.ClamavLimitNames,
		MaxConnections: cfg.Limits.Connections, CommandTimeout: cfg.Limits.Command, StreamTimeout: cfg.Limits.Stream,
	}
	if cfg.AllowShutdown {
		opts.Shutdown = func() { signals <- syscall.SIGTERM }
	}
	server, err := clamdserver.New(opts)
	if err != nil {
		return err
	}
	listeners, err := listenAll(cfg)
	if err != nil {
		return err
	}
	failed := make(chan error, len(listeners))
	var serving sync.WaitGroup
	for _, l := range listeners {
		log.Info("listening", "address", l.Addr().String())
		serving.Go(func() { failed <- server.Serve(l) })
	}
	for {
		select {
		case err := <-failed:
			stop(server, cfg, log)
			serving.Wait()
			return err
		case s := <-signals:
			if s != syscall.SIGHUP {
				stop(server, cfg, log)
				serving.Wait()
				return nil
			}
			if err := scanners.Reload(); err != nil {
				log.Error("reload failed, the old rules stay", "error", err)
			}
		}
	}
}

// stop waits for scans under way. Those that it breaks off get no answer, which
// no client takes for a pass.
func stop(server *clamdserver.Server, cfg *config, log *slog.Logger) {
	log.Info("stopping", "grace", cfg.Limits.Grace.String())
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Limits.Grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		log.Warn("scans were broken off", "error", err)
	}
}
