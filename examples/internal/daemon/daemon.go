// Package daemon is what all serving programs do alike: read their configuration,
// check it, load rules, exchange them at SIGHUP, and stop in good order.
package daemon

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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/admin"
	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/examples/internal/systemd"
	"github.com/fivefifty/fivefifty/scanner"
)

// Config is a program's configuration.
type Config interface {
	Shared() *settings.Base
	ScannerLimits() scanner.Limits
	Grace() time.Duration // for what is under way when the program stops
}

// Service is a program at work.
type Service interface {
	Serve() error                       // until Shutdown, or a failure
	Shutdown(ctx context.Context) error // may be called once
}

// Program is a serving program.
type Program[C Config] struct {
	Name     string
	About    string                       // one sentence, for --help
	Defaults []byte                       // the embedded configuration file, for --defaults
	Flags    func(*flag.FlagSet)          // adds flags of its own; may be nil
	Read     func(file string) (C, error) // "" is the embedded default

	// New makes the service, ready to serve; with check it listens to nothing.
	// The service calls stop to end the program.
	New func(env Env, cfg C, check bool) (Service, error)
}

// Env is what a service gets from its program.
type Env struct {
	Scanners *live.Scanners
	Metrics  *admin.Metrics
	Log      *slog.Logger
	Out      io.Writer // standard output
	Stop     func()    // ends the program in good order
}

// Main runs the program and exits.
func Main[C Config](p Program[C]) {
	ruleset.ServeWorker(os.Args[1:])
	err := run(p, os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, p.Name+":", strings.ReplaceAll(err.Error(), "\n", "\n"+p.Name+": "))
	}
	os.Exit(exitStatus(err))
}

func run[C Config](p Program[C], args []string, out io.Writer) error {
	check := len(args) > 0 && args[0] == "check"
	if check {
		args = args[1:]
	}
	flags := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	flags.Usage = func() { p.usage(flags) }
	file := flags.String("config", "", "configuration `file` (default: the embedded one)")
	version := flags.Bool("version", false, "print the version and exit")
	defaults := flags.Bool("defaults", false, "print the embedded configuration file, with every key explained, and exit")
	if p.Flags != nil {
		p.Flags(flags)
	}
	if slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" }) {
		flags.SetOutput(out) // asked for, not a complaint
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	case *version:
		fmt.Fprintln(out, "fivefifty", p.Name, buildVersion())
		return nil
	case *defaults:
		_, err := out.Write(p.Defaults)
		return err
	}
	cfg, err := p.Read(*file)
	if err != nil {
		return err
	}
	if check {
		return runCheck(p, cfg, out)
	}
	if err := serve(p, cfg, *file, out); err != nil {
		return failure{err}
	}
	return nil
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// runCheck does all that a start would do, except serving.
func runCheck[C Config](p Program[C], cfg C, out io.Writer) error {
	scanners, err := live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, set, err := cfg.Shared().NewScanner(cfg.ScannerLimits())
		if err != nil {
			return nil, nil, err
		}
		for _, w := range set.Warnings {
			fmt.Fprintln(out, "warning:", w)
		}
		fmt.Fprintln(out, "rules:", set.Summary())
		return s, set, nil
	})
	if err != nil {
		return err
	}
	env := Env{Scanners: scanners, Metrics: new(admin.Metrics), Log: slog.New(slog.DiscardHandler), Out: out, Stop: func() {}}
	if _, err := p.New(env, cfg, true); err != nil {
		return err
	}
	fmt.Fprintln(out, "configuration is good")
	return nil
}

// serve runs the program until SIGTERM, SIGINT, Env.Stop or a failure.
func serve[C Config](p Program[C], cfg C, file string, out io.Writer) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	log := cfg.Shared().Log.Logger()
	metrics := new(admin.Metrics)
	load := &loader[C]{program: p, cfg: cfg, file: file, metrics: metrics, log: log}
	scanners, err := live.New(load.next)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if every := cfg.Shared().Rules.Watch; every > 0 {
		go live.Watch(ctx, every, load.paths, func() { reload(scanners, log) })
	}
	stopAdmin, err := serveAdmin(cfg.Shared().Admin, metrics, log)
	if err != nil {
		return err
	}
	defer stopAdmin()
	stopped := make(chan struct{}, 1)
	env := Env{Scanners: scanners, Metrics: metrics, Log: log, Out: out, Stop: func() {
		select {
		case stopped <- struct{}{}:
		default:
		}
	}}
	service, err := p.New(env, cfg, false)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- service.Serve() }()
	tell(log, "READY=1")
	for {
		select {
		case err := <-served:
			metrics.Stopping()
			stop(service, cfg, log)
			return err
		case <-stopped:
			metrics.Stopping()
			stop(service, cfg, log)
			return <-served
		case s := <-signals:
			if s != syscall.SIGHUP {
				metrics.Stopping()
				stop(service, cfg, log)
				return <-served
			}
			reload(scanners, log)
		}
	}
}

// reload loads the rules anew, and tells of it.
func reload(scanners *live.Scanners, log *slog.Logger) {
	tell(log, "RELOADING=1")
	status := "STATUS=rules were loaded anew"
	if err := scanners.Reload(); err != nil {
		log.Error("reload failed, the old rules stay", "error", err)
		status = "STATUS=reload failed, the old rules stay"
	}
	tell(log, "READY=1", status)
}

// tell tells systemd.
func tell(log *slog.Logger, states ...string) {
	if err := systemd.Notify(states...); err != nil {
		log.Warn("systemd was not told", "error", err)
	}
}

func tellRules(set *ruleset.Set, log *slog.Logger) {
	for _, w := range set.Warnings {
		log.Warn("rules", "warning", w)
	}
	log.Info("rules loaded", "summary", set.Summary())
}

// serveAdmin serves the metrics where the configuration says.
func serveAdmin(a settings.Admin, metrics *admin.Metrics, log *slog.Logger) (stop func(), err error) {
	if a.Listen == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", a.Listen)
	if err != nil {
		return nil, err
	}
	s := admin.Server(metrics)
	log.Info("metrics", "address", l.Addr().String())
	go s.Serve(l)
	return func() { s.Close() }, nil
}

// stop waits for what is under way. What it breaks off was not answered, so that
// nobody takes it for accepted.
func stop[C Config](service Service, cfg C, log *slog.Logger) {
	tell(log, "STOPPING=1")
	log.Info("stopping", "grace", cfg.Grace().String())
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Grace())
	defer cancel()
	switch err := service.Shutdown(ctx); {
	case errors.Is(err, context.DeadlineExceeded):
		log.Warn("what was under way was broken off, unanswered")
	case err != nil:
		log.Warn("stopping", "error", err)
	}
}
