package scanner

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/fivefifty/fivefifty/internal/filetype"
)

// Policy says what is done about findings and unexamined objects. The zero
// value is the default policy: malicious content is refused, nothing that could
// not be examined passes, and no type or name is blocked as such.
type Policy struct {
	// Findings gives classes their disposition. Default: malicious, blocked and
	// unknown reject, the rest accept.
	Findings map[Class]Disposition

	// Unchecked gives reasons their disposition. Default: timeout, engine and
	// incomplete defer (451: the sender tries again), the rest reject (550: the
	// sender knows).
	Unchecked map[Reason]Disposition

	// BlockTypes lists true types ("pe", "lnk") that are refused wherever they
	// are; BlockTypesInside those that are refused inside an archive. See
	// ExecutableTypes.
	BlockTypes       []string
	BlockTypesInside []string

	// BlockNames lists patterns of path.Match in lower case for base names:
	// "*.scr". Every name that an object bears is judged.
	BlockNames []string

	// BlockAnomalies lists anomalies that are refused: those of this package
	// (AnomalyDoubleExtension and so on), or any that mime and archive document.
	BlockAnomalies []string

	// VirusText replaces the public text of the reply to malicious messages.
	// "%s" is the signature, "%r" the report's reference, "%%" a percent sign.
	// Default: "E-mail message contained a virus."
	VirusText string
}

// ExecutableTypes returns the true types that Windows, macOS, Linux or Android
// run, for Policy.BlockTypes and BlockTypesInside.
func ExecutableTypes() []string {
	return []string{"pe", "dos", "elf", "macho", "dex", "class", "jar", "apk", "lnk", "msi",
		"hta", "js", "vbs", "ps1", "bat", "wsf"}
}

// Anomalies of names, beside those of mime and archive.
const (
	AnomalyDoubleExtension = "double-extension"      // "invoice.pdf.exe": a program dressed as a document
	AnomalyBidiOverride    = "bidi-override"         // characters that turn the text's direction hide the extension
	AnomalyTypeContradicts = "type-contradicts-name" // a program by content under a document's or picture's name
)

// policy is a checked Policy with its defaults filled in.
type policy struct {
	findings    map[Class]Disposition
	unchecked   map[Reason]Disposition
	types       map[string]bool
	typesInside map[string]bool
	names       []string
	anomalies   map[string]bool
	virusText   string
}

func (p Policy) compile() (policy, error) {
	c := policy{
		findings: map[Class]Disposition{
			ClassUnknown: Reject, ClassMalicious: Reject, ClassBlocked: Reject,
			ClassSuspicious: Accept, ClassUnwanted: Accept, ClassNotice: Accept, ClassAllowed: Accept,
		},
		unchecked: map[Reason]Disposition{
			ReasonUnknown: Reject, ReasonEncrypted: Reject, ReasonLimit: Reject, ReasonMalformed: Reject,
			ReasonUnsupported: Reject, ReasonTimeout: Defer, ReasonEngine: Defer, ReasonIncomplete: Defer,
		},
		names:     slices.Clone(p.BlockNames),
		anomalies: set(p.BlockAnomalies...),
		virusText: p.VirusText,
	}
	if err := override(c.findings, p.Findings, "Findings"); err != nil {
		return c, err
	}
	if err := override(c.unchecked, p.Unchecked, "Unchecked"); err != nil {
		return c, err
	}
	for _, list := range []struct {
		field string
		types []string
	}{{"BlockTypes", p.BlockTypes}, {"BlockTypesInside", p.BlockTypesInside}} {
		for _, t := range list.types {
			if _, ok := filetype.Lookup(t); !ok {
				return c, fmt.Errorf("scanner: Config.Policy.%s: no type is called %q", list.field, t)
			}
		}
	}
	c.types, c.typesInside = set(p.BlockTypes...), set(p.BlockTypesInside...)
	for _, pattern := range c.names {
		if _, err := path.Match(pattern, ""); err != nil {
			return c, fmt.Errorf("scanner: Config.Policy.BlockNames: %q: %w", pattern, err)
		}
	}
	return c, checkText(p.VirusText)
}

// override sets what the caller's map says; DispositionDefault leaves the
// default.
func override[K interface {
	comparable
	fmt.Stringer
}](to, from map[K]Disposition, field string) error {
	for k, d := range maps.All(from) {
		if _, ok := to[k]; !ok || d > Reject {
			return fmt.Errorf("scanner: Config.Policy.%s: %v: %v", field, k, d)
		}
		if d != DispositionDefault {
			to[k] = d
		}
	}
	return nil
}
