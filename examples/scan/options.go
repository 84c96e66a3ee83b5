package main

import (
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/fivefifty/fivefifty/scanner"
)

// options are the command line.
type options struct {
	Paths []string `arg:"" optional:"" name:"path" help:"Files, mailboxes, folders (with all that is in them); - is standard input."`

	Rules     []string `group:"Rules" placeholder:"PATH" sep:"none" help:"YARA rules: a file or a folder. May be repeated, as all flags that take a list."`
	Hashes    []string `group:"Rules" placeholder:"PATH" sep:"none" help:"Lists of digests: a file or a folder; or a file of them (scan rules build --out)."`
	ClamAV    []string `group:"Rules" name:"clamav" placeholder:"PATH" sep:"none" help:"Databases of ClamAV of any kind (.cvd, .ndb, .cdb, …): a file or a folder."`
	Password  []string `group:"Rules" placeholder:"TEXT" sep:"none" help:"A password to try on what is encrypted, beside those that a message names."`
	Disable   []string `group:"Rules" placeholder:"NAME" sep:"none" help:"A YARA rule that is never reported: Name, or file:Name."`
	Every     bool     `group:"Rules" name:"every-rule" help:"Use also YARA rules that are not meant for files in mail (logs, memory, a system's own files)."`
	Cache     string   `group:"Rules" name:"rules-cache" placeholder:"PATH" help:"A folder for compiled YARA rules, closed to others; it is made if it is missing."`
	Isolate   bool     `group:"Rules" help:"Run libyara in a process of its own: a fault there costs one object only."`
	NoBundled bool     `group:"Rules" help:"Leave out the rules that come with the program."`

	JSON    bool `group:"Output" name:"json" help:"Write one JSON document a line instead of trees."`
	All     bool `group:"Output" help:"Show clean files too, and all objects."`
	Explain bool `group:"Output" help:"Show with each finding where its rule stands and where it matched."`
	Verbose bool `group:"Output" short:"v" help:"Show all warnings about rules."`
	Version bool `group:"Output" help:"Print the version and exit."`

	Extract   string `group:"Extract" placeholder:"PATH" help:"Write the object of this path (as --json shows it) to a file SHA256.bin, and do no more. Only one file or message can be given."`
	ExtractTo string `group:"Extract" placeholder:"FOLDER" default:"." type:"path" help:"Where to; an existing file is never overwritten."`

	Jobs    int    `group:"Work" default:"${jobs}" help:"Files to scan at a time (default ${jobs}, one for each processor)."`
	TempDir string `group:"Work" placeholder:"PATH" help:"Where large objects and a mailbox on standard input are spooled."`

	Limits limitFlags `embed:"" prefix:"limit-" group:"Limits of each message or file"`

	BlockType    []string `group:"Policy" placeholder:"TYPE" help:"Refuse this true type anywhere: pe, lnk, …; programs stands for all that systems run."`
	BlockInside  []string `group:"Policy" placeholder:"TYPE" help:"Refuse this true type inside archives; programs as above."`
	BlockName    []string `group:"Policy" placeholder:"PATTERN" help:"Refuse names like *.scr."`
	BlockAnomaly []string `group:"Policy" placeholder:"NAME" help:"Refuse this anomaly: double-extension, bidi-override, …"`

	OnFinding   map[scanner.Class]scanner.Disposition  `group:"Policy" placeholder:"CLASS=DISPOSITION" mapsep:"," help:"malicious, suspicious, unwanted, blocked or notice = accept, quarantine, defer or reject."`
	OnUnchecked map[scanner.Reason]scanner.Disposition `group:"Policy" placeholder:"REASON=DISPOSITION" mapsep:"," help:"encrypted, limit, malformed, unsupported, timeout, engine or incomplete = accept, quarantine, defer or reject."`
}

// limitFlags are the fields of scanner.Limits, by the same names.
type limitFlags struct {
	MessageBytes size          `placeholder:"SIZE" default:"${limit_MessageBytes}" help:"Raw bytes of the message (${default})."`
	ObjectBytes  size          `placeholder:"SIZE" default:"${limit_ObjectBytes}" help:"Decoded bytes of one object (${default})."`
	TotalBytes   size          `placeholder:"SIZE" default:"${limit_TotalBytes}" help:"Decoded bytes of all objects (${default})."`
	Work         int64         `placeholder:"N" default:"${limit_Work}" help:"Bytes out of containers, each as often as its method is slower than deflate (${default})."`
	Ratio        int64         `placeholder:"N" default:"${limit_Ratio}" help:"Bytes out per byte in, above 32 MiB (${default})."`
	Depth        int           `placeholder:"N" default:"${limit_Depth}" help:"Multiparts, messages and containers in each other (${default})."`
	Objects      int           `placeholder:"N" default:"${limit_Objects}" help:"Objects of all kinds (${default})."`
	Entities     int           `placeholder:"N" default:"${limit_Entities}" help:"MIME entities (${default})."`
	HeaderBytes  size          `placeholder:"SIZE" default:"${limit_HeaderBytes}" help:"Header bytes of one entity (${default})."`
	Time         time.Duration `placeholder:"DURATION" default:"${limit_Time}" help:"Time spent scanning (${default})."`
	MemoryBytes  size          `placeholder:"SIZE" default:"${limit_MemoryBytes}" help:"Object bytes in memory before they go to disk (${default})."`
	Dictionary   size          `placeholder:"SIZE" default:"${limit_Dictionary}" help:"Dictionary of one decoder (${default})."`
	KeyWork      int64         `placeholder:"N" default:"${limit_KeyWork}" help:"Hash blocks spent on trying passwords (${default})."`
}

// parse reads the command line. If not ok, the program ends with the code: help
// was asked for, or the error was printed.
func parse(args []string, stdout, stderr io.Writer) (opts *options, code int, ok bool) {
	opts = new(options)
	exited := false
	vars := kong.Vars{"jobs": fmt.Sprint(runtime.GOMAXPROCS(0))}
	defaults := reflect.ValueOf(scanner.DefaultLimits())
	for i := range defaults.NumField() {
		f := defaults.Type().Field(i)
		v := fmt.Sprint(defaults.Field(i).Interface())
		if field, _ := reflect.TypeFor[limitFlags]().FieldByName(f.Name); field.Type == reflect.TypeFor[size]() {
			v = size(defaults.Field(i).Int()).String()
		}
		vars["limit_"+f.Name] = v
	}
	parser, err := kong.New(opts, vars,
		kong.Name("scan"),
		kong.Description("Find malicious attachments in mail, mailboxes, archives and other files.\n\n"+
			"Exit codes: 1 something is malicious or blocked, 2 an error, 3 something could not be examined, "+
			"0 all was examined and nothing found; of many files the first of these that is true of one.\n\n"+
			"scan rules … checks, counts, compiles and explains rules: scan rules --help."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code, exited = c, true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
	)
	if err == nil {
		_, err = parser.Parse(args)
	}
	switch {
	case exited: // help
		return nil, code, false
	case err == nil && !opts.Version && len(opts.Paths) == 0:
		err = fmt.Errorf("what is to be scanned? Name a file, a folder or - for standard input")
	case err == nil && opts.Extract != "" && len(opts.Paths) != 1:
		err = fmt.Errorf("--extract: name one file, or - for standard input")
	case err == nil && opts.Jobs < 1:
		err = fmt.Errorf("--jobs: must be 1 or more")
	}
	if err != nil {
		fmt.Fprintf(stderr, "scan: %s\nscan: try --help\n", safe(err.Error()))
		return nil, exitError, false
	}
	return opts, 0, true
}

// config is the options in the scanner's terms, without engines.
func (o *options) config() (scanner.Config, error) {
	limits, err := o.Limits.limits()
	return scanner.Config{
		Limits:    limits,
		Passwords: o.Password,
		TempDir:   o.TempDir,
		Policy: scanner.Policy{
			Findings:         o.OnFinding,
			Unchecked:        o.OnUnchecked,
			BlockTypes:       expandPrograms(o.BlockType),
			BlockTypesInside: expandPrograms(o.BlockInside),
			BlockNames:       o.BlockName,
			BlockAnomalies:   o.BlockAnomaly,
		},
	}, err
}

// limits copies the flags. 0 is an error: to the scanner it is the default, to
// whoever types it "no limit", which does not exist.
func (l limitFlags) limits() (out scanner.Limits, err error) {
	from, to := reflect.ValueOf(l), reflect.ValueOf(&out).Elem()
	for i := range from.NumField() {
		name := from.Type().Field(i).Name
		if from.Field(i).Int() <= 0 {
			return out, fmt.Errorf("limit %s: must be above zero, there is no \"unlimited\"", name)
		}
		to.FieldByName(name).SetInt(from.Field(i).Int())
	}
	return out, nil
}

// expandPrograms replaces the word "programs" by the types that it stands for.
func expandPrograms(types []string) []string {
	if i := slices.Index(types, "programs"); i >= 0 {
		return append(slices.Delete(slices.Clone(types), i, i+1), scanner.ExecutableTypes()...)
	}
	return types
}
