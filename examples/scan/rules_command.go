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
	Hashes    []string `placeholder:"PATH" sep:"none" help:"Lists of digests: a file or a folder."`
	ClamAV    []string `name:"clamav" placeholder:"PATH" sep:"none" help:"Databases of ClamAV: a file or a folder."`
	Disable   []string `placeholder:"NAME" sep:"none" help:"A YARA rule that is never reported: Name, or file:Name."`
	Every     bool     `name:"every-rule" help:"Use also YARA rules that are not meant for files in mail."`
	Cache     string   `name:"rules-cache" placeholder:"PATH" help:"A folder for compiled YARA rules."`
	NoBundled bool     `help:"Leave out the rules that come with the program."`

	Check   struct{} `cmd:"" help:"Tell what cannot be used, each with file, line and reason; exit code 1 if there is anything."`
	Stats   struct{} `cmd:"" help:"Count the YARA rules by file, by class and by module."`
	Build   struct{} `cmd:"" help:"Compile the YARA rules into the folder of --rules-cache."`
	Explain struct {
		Name string `arg:"" help:"Name, or file:Name."`
	} `cmd:"" help:"Show where a YARA rule stands, what it says of itself, and what a match means."`
}

// runRules is the command "scan rules". It returns the exit code.
func runRules(args []string, stdout, stderr io.Writer) int {
	var o rulesOptions
	code, exited := 0, false
	fail := func(err error) int {
		fmt.Fprintln(stderr, "scan rules:", safe(err.Error()))
		return exitError
	}
	parser, err := kong.New(&o, kong.Name("scan rules"), kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code, exited = c, true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
	if err != nil {
		return fail(err)
	}
	command, err := parser.Parse(args)
	switch {
	case exited:
		return code
	case err != nil:
		return fail(err)
	}
	word, _, _ := strings.Cut(command.Command(), " ")
	if word == "build" && o.Cache == "" {
		return fail(errors.New("build: --rules-cache says where to"))
	}
	begun := time.Now()
	set, err := ruleset.Load(ruleset.Paths{Rules: o.Rules, Hashes: o.Hashes, ClamAV: o.ClamAV, Bundled: !o.NoBundled, Disable: o.Disable, Every: o.Every, Cache: o.Cache})
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	if word != "explain" {
		for _, w := range set.Warnings {
			fmt.Fprintln(stdout, safe(w))
		}
	}
	switch word {
	case "check":
		fmt.Fprintf(stdout, "%s; %s\n", safe(set.Summary()), count(len(set.Warnings), "warning"))
		if len(set.Warnings) > 0 {
			return exitRefused
		}
		return exitClean
	case "build":
		fmt.Fprintf(stdout, "%s in %.1f s\n", safe(set.Summary()), time.Since(begun).Seconds())
		if slices.ContainsFunc(set.Warnings, func(w string) bool { return strings.HasPrefix(w, o.Cache+": cache: ") }) {
			return exitError
		}
		return exitClean
	}
	return rulesOf(set, word, o.Explain.Name, stdout, fail)
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
