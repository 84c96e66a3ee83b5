// Command scan examines files, folders and mailboxes as a mail server that
// embeds the scanner would, and shows what it finds, as a tree for people or as
// JSON for programs. README.md has its flags, exit codes and JSON form.
//
//	scan [flags] FILE|FOLDER|-…
//	scan [flags] --extract PATH FILE|-
//	scan rules check|stats|build|explain [flags]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/scanner"
)

func main() {
	ruleset.ServeWorker(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	if len(args) > 0 && args[0] == "rules" {
		return runRules(args[1:], stdout, stderr)
	}
	opts, code, ok := parse(args, stdout, stderr)
	if !ok {
		return code
	}
	if opts.Version {
		printVersion(stdout)
		return exitClean
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "scan:", safe(err.Error()))
		return exitError
	}
	cfg, err := opts.config()
	if err != nil {
		return fail(err)
	}
	if opts.Extract != "" {
		name, err := extract(ctx, cfg, opts, stdin)
		if err != nil {
			return fail(err)
		}
		fmt.Fprintln(stdout, safe(name))
		return exitClean
	}
	rules, err := loadRules(opts, stderr)
	if err != nil {
		return fail(err)
	}
	defer rules.Close()
	cfg.Engines = rules.Engines
	cfg.Passwords = append(cfg.Passwords, rules.Passwords()...)
	in, err := newInputs(cfg, opts.Paths, stdin)
	if err != nil {
		return fail(err)
	}
	screen := newScreen(stdout, stderr, env)
	defer screen.close()
	out := newOutput(opts, screen, env)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = runOrdered(ctx, cancel, in.jobs(ctx), opts.Jobs, out.print)
	if err == nil && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err == nil {
		err = out.end(in)
	}
	screen.close()
	if err != nil {
		out.tally.failed++
		fmt.Fprintln(stderr, "scan:", safe(err.Error()))
	}
	for _, note := range in.notes() {
		fmt.Fprintln(stderr, "scan:", note)
	}
	return out.tally.exitCode()
}

func printVersion(w io.Writer) {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	fmt.Fprintf(w, "fivefifty scan %s, JSON schema %d, %s\n", version, scanner.Schema, strings.TrimPrefix(runtime.Version(), "go"))
}
