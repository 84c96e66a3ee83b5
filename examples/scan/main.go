// Command scan examines files, folders and mailboxes as a mail server that
// embeds the scanner would, and shows what it finds, as a tree for people or as
// JSON for programs. README.md has its flags, exit codes and JSON form.
//
//	scan [flags] FILE|FOLDER|-…
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

	"github.com/fivefifty/fivefifty/scanner"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
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
	rules, err := loadRules(opts, stderr)
	if err != nil {
		return fail(err)
	}
	defer rules.Close()
	cfg, err := opts.config()
	if err != nil {
		return fail(err)
	}
	cfg.Engines = rules.Engines
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
