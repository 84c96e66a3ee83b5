package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/signatures/yara"
)

// rulesOptions are the command line of "scan rules".
type rulesOptions struct {
	Rules     []string `placeholder:"PATH" sep:"none" help:"YARA rules: a file or a folder. May be repeated, as all flags that take a list."`
	Hashes    []string `placeholder:"PATH" sep:"none" help:"Lists of digests: a file or a folder; or a file that build --out wrote."`
	ClamAV    []string `name:"clamav" placeholder:"PATH" sep:"none" help:"Databases of ClamAV: a file or a folder."`
	Disable   []string `placeholder:"NAME" sep:"none" help:"A YARA rule that is never reported: Name, or file:Name."`
	Every     bool     `name:"every-rule" help:"Use also YARA rules that are not meant for files in mail."`
	Cache     string   `name:"rules-cache" placeholder:"PATH" help:"A folder for compiled YARA rules."`
	NoBundled bool     `help:"Leave out the rules that come with the program."`

	Check struct{} `cmd:"" help:"Tell what cannot be used, each with file, line and reason; exit code 1 if there is anything."`
	Stats struct{} `cmd:"" help:"Count the YARA rules by file, by class and by module."`
	Build struct {
		Out string `placeholder:"FILE" help:"Write all digests of --hashes to this file, for use as --hashes: it is opened at once, however large."`
	} `cmd:"" help:"Compile the YARA rules into the folder of --rules-cache, or the lists of digests into a file."`
	Explain struct {
		Name string `arg:"" help:"Name, or file:Name."`
	} `cmd:"" help:"Show where a YARA rule stands, what it says of itself, and what a match means."`
}

// runRules is the command "scan rules". It returns the exit code.
func runRules(args []string, stdout, stderr io.Writer) int {
	o, word, code, ok := parseRules(args, stdout, stderr)
	if !ok {
		return code
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "scan rules:", safe(err.Error()))
		return exitError
	}
	if word == "build" && o.Build.Out != "" {
		return buildHashes(o, stdout, fail)
	}
	begun := time.Now()
	set, err := ruleset.Load(ruleset.Paths{Rules: o.Rules, Hashes: o.Hashes, ClamAV: o.ClamAV, Bundled: !o.NoBundled, Disable: o.Disable, Every: o.Every, Cache: o.Cache})
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	if word == "stats" || word == "explain" {
		return rulesOf(set, word, o.Explain.Name, stdout, fail)
	}
	for _, w := range set.Warnings {
		fmt.Fprintln(stdout, safe(w))
	}
	if word == "build" {
		fmt.Fprintf(stdout, "%s in %.1f s\n", safe(set.Summary()), time.Since(begun).Seconds())
		if slices.ContainsFunc(set.Warnings, func(w string) bool { return strings.HasPrefix(w, o.Cache+": cache: ") }) {
			return exitError
		}
		return exitClean
	}
	if err := set.Verify(); err != nil {
		return fail(err)
	}
	fmt.Fprintf(stdout, "%s; %s\n", safe(set.Summary()), count(len(set.Warnings), "warning"))
	if len(set.Warnings) > 0 {
		return exitRefused
	}
	return exitClean
}

// parseRules reads the command line. If not ok, the program ends with the code.
func parseRules(args []string, stdout, stderr io.Writer) (o *rulesOptions, word string, code int, ok bool) {
	o = new(rulesOptions)
	exited := false
	parser, err := kong.New(o, kong.Name("scan rules"), kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code, exited = c, true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
	if err == nil {
		var command *kong.Context
		if command, err = parser.Parse(args); err == nil && !exited {
			word, _, _ = strings.Cut(command.Command(), " ")
		}
	}
	switch {
	case exited:
		return nil, "", code, false
	case err == nil && word == "build" && o.Cache == "" && o.Build.Out == "":
		err = errors.New("build: --rules-cache or --out says where to")
	}
	if err != nil {
		fmt.Fprintf(stderr, "scan rules: %s\nscan rules: try --help\n", safe(err.Error()))
		return nil, "", exitError, false
	}
	return o, word, 0, true
}

// buildHashes writes the lists of digests to a file, and no more.
func buildHashes(o *rulesOptions, stdout io.Writer, fail func(error) int) int {
	if len(o.Hashes) == 0 || len(o.Rules) > 0 || o.Cache != "" {
		return fail(errors.New("build --out: takes --hashes, and nothing of YARA"))
	}
	begun := time.Now()
	warnings, n, err := ruleset.BuildHashes(o.Build.Out, o.Hashes)
	for _, w := range warnings {
		fmt.Fprintln(stdout, safe(w))
	}
	if err != nil {
		return fail(err)
	}
	fmt.Fprintf(stdout, "%d hashes in %.1f s\n", n, time.Since(begun).Seconds())
	return exitClean
}

// rulesOf runs the commands that go through all YARA rules.
func rulesOf(set *ruleset.Set, word, name string, stdout io.Writer, fail func(error) int) int {
	if set.YARA() == nil {
		return fail(errors.New("no YARA rules"))
	}
	rules, err := set.YARA().List()
	if err != nil {
		return fail(err)
	}
	if word == "stats" {
		ruleStats(stdout, rules)
		return exitClean
	}
	found := false
	for _, r := range rules {
		if r.Name == name || r.Reported() == name || r.Namespace+":"+r.Name == name {
			found = true
			explainRule(stdout, &r)
		}
	}
	if !found {
		return fail(fmt.Errorf("no rule is called %s", safe(name)))
	}
	return exitClean
}

// ruleStats counts rules.
func ruleStats(w io.Writer, rules []yara.Rule) {
	files, classes, modules := map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range rules {
		files[r.Namespace]++
		if r.Silent != "" {
			reason, _, _ := strings.Cut(r.Silent, ":")
			classes["not reported, "+reason]++
		} else {
			classes[r.Class.String()]++
		}
		for _, m := range r.Modules {
			modules[m]++
		}
		if len(r.Modules) == 0 {
			modules["(none)"]++
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer table.Flush()
	for _, part := range []struct {
		title string
		n     map[string]int
	}{{"by file", files}, {"by class", classes}, {"by module", modules}} {
		fmt.Fprintf(table, "%d\t\trules %s\n", len(rules), part.title)
		names := make([]string, 0, len(part.n))
		for name := range part.n {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(part.n[b], part.n[a]), cmp.Compare(a, b))
		})
		for _, name := range names {
			fmt.Fprintf(table, "\t%d\t  %s\n", part.n[name], safe(name))
		}
	}
}

// explainRule prints all that is known of a rule.
func explainRule(w io.Writer, r *yara.Rule) {
	fmt.Fprintf(w, "%s\n  stands in %s:%d, namespace %s\n", safe(r.Name), safe(r.File), r.Line, safe(r.Namespace))
	if r.Global {
		fmt.Fprintln(w, "  global: no rule of its namespace matches without it")
	}
	if len(r.Tags) > 0 {
		fmt.Fprintln(w, "  tags", safe(strings.Join(r.Tags, " ")))
	}
	if len(r.Modules) > 0 {
		fmt.Fprintln(w, "  modules", safe(strings.Join(r.Modules, " ")))
	}
	for _, m := range r.Metas {
		fmt.Fprintf(w, "  meta %s = %s\n", safe(m.Name), safe(m.Value))
	}
	fmt.Fprintf(w, "  a match is %s, because of %s\n", r.Class, safe(r.Why))
	if r.Silent != "" {
		fmt.Fprintln(w, "  never reported:", safe(r.Silent))
	}
}
