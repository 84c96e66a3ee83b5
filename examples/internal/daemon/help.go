package daemon

import (
	"flag"
	"fmt"
)

// usage is all that an operator needs who has no other text at hand.
func (p Program[C]) usage(flags *flag.FlagSet) {
	out := flags.Output()
	if p.About != "" {
		fmt.Fprintf(out, "%s: %s\n\n", p.Name, p.About)
	}
	fmt.Fprintf(out, `Usage:
  %[1]s [options]         serve until SIGTERM
  %[1]s check [options]   do all that a start would do, except serving, and tell what
                    is wrong: unknown keys with their line, rules that do not load
Options:
`, p.Name)
	flags.PrintDefaults()
	fmt.Fprintf(out, `
Configuration: one TOML file; every key has a default. "%[1]s --defaults" prints the
file with all of them, explained, to begin with:
  %[1]s --defaults > /etc/fivefifty/%[1]s.toml
  %[1]s check --config /etc/fivefifty/%[1]s.toml

Signals:
  SIGHUP           load rules, hashes, policy and the scan's limits anew; when that
                   fails, the old ones stay and the log says why
  SIGTERM, SIGINT  take no new clients, finish what is under way (limits.grace), exit

Exit status:
  0  stopped in good order; or check found nothing wrong
  1  could not start, or could not go on
  2  wrong options or a wrong configuration

Under systemd: Type=notify and socket activation; sockets that are passed replace
the key "listen".
`, p.Name)
}

// failure is what happened to a program whose configuration was good.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// exitStatus is what the process ends with.
func exitStatus(err error) int {
	switch err.(type) {
	case nil:
		return 0
	case failure:
		return 1
	}
	return 2
}
