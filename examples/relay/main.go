// Command relay is an SMTP relay that scans mail while it passes and refuses
// what is infected in the session.
//
//	relay [--config file] [--listen address]
//	relay check [--config file]
//	relay --version
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/fivefifty/fivefifty/examples/internal/smtprelay"
	"github.com/fivefifty/fivefifty/scanner"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "relay:", strings.ReplaceAll(err.Error(), "\n", "\nrelay: "))
		}
		os.Exit(2)
	}
}

func run(args []string, out io.Writer) error {
	check := len(args) > 0 && args[0] == "check"
	if check {
		args = args[1:]
	}
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	file := flags.String("config", "", "configuration file (default: the embedded one)")
	listen := flags.String("listen", "", "address to listen on, instead of the configuration's")
	version := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if *version {
		printVersion(out)
		return nil
	}
	cfg, err := readConfig(*file)
	if err != nil {
		return err
	}
	if *listen != "" {
		cfg.Listen = *listen
	}
	if check {
		return checkConfig(cfg, out)
	}
	return serve(cfg, *file, out)
}

func printVersion(out io.Writer) {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	fmt.Fprintln(out, "fivefifty relay", version)
}

// checkConfig does all that a start would do, except listening and connecting.
func checkConfig(cfg *config, out io.Writer) error {
	opts, err := cfg.options(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if cfg.Upstream == "sink" {
		opts.Upstream.Addr = "127.0.0.1:0"
	}
	opts.Load = func() (*scanner.Scanner, io.Closer, error) {
		s, set, err := loadScanner(cfg)
		if err != nil {
			return nil, nil, err
		}
		for _, w := range set.Warnings {
			fmt.Fprintln(out, "warning:", w)
		}
		fmt.Fprintln(out, "rules:", set.Summary())
		return s, set, nil
	}
	if _, err := smtprelay.New(opts); err != nil {
		return err
	}
	fmt.Fprintln(out, "configuration is good")
	return nil
}

// serve runs the relay until SIGTERM or SIGINT.
func serve(cfg *config, file string, out io.Writer) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	log := cfg.Log.Logger()
	opts, err := cfg.options(log)
	if err != nil {
		return err
	}
	if cfg.Upstream == "sink" {
		sink, err := startSink(out)
		if err != nil {
			return err
		}
		defer sink.Close()
		opts.Upstream.Addr, opts.Upstream.TLS = sink.Addr(), smtprelay.TLSOff
	}
	opts.Load = loader(cfg, file, log)
	relay, err := smtprelay.New(opts)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	log.Info("listening", "address", l.Addr().String(), "upstream", cfg.Upstream)
	served := make(chan error, 1)
	go func() { served <- relay.Serve(l) }()
	for {
		select {
		case err := <-served:
			return err
		case s := <-signals:
			if s != syscall.SIGHUP {
				return stop(relay, cfg, log)
			}
			if err := relay.Reload(); err != nil {
				log.Error("reload failed, the old rules stay", "error", err)
			}
		}
	}
}

// stop waits for messages under way. Those that it breaks off were not
// acknowledged, so it is no failure.
func stop(relay *smtprelay.Relay, cfg *config, log *slog.Logger) error {
	log.Info("stopping", "grace", cfg.Limits.Grace)
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Limits.Grace)
	defer cancel()
	err := relay.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("messages were broken off; their senders will try again")
		return nil
	}
	return err
}

// startSink starts the built-in upstream, which prints what it gets.
func startSink(out io.Writer) (*smtprelay.Sink, error) {
	return smtprelay.NewSink(func(d smtprelay.Delivery) {
		// One Write call: deliveries come from several goroutines.
		fmt.Fprintf(out, "delivered from=%q to=%q subject=%q size=%d sha256=%s\n",
			d.From, strings.Join(d.To, ","), d.Subject, d.Size, d.SHA256)
	})
}
