package clamdserver

import (
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// verdict is what a report comes to in clamd's words.
type verdict struct {
	names []string // FOUND, the decisive one first
	fault string   // ERROR, if there are no names
}

// maxNames bounds the names of one answer.
const maxNames = 64

// judge turns a report of the scanner into clamd's words. What the policy accepts
// or holds is OK: clamd has no word for "hold". Named is only what the policy
// refuses.
func judge(by *scanner.Scanner, r *scanner.Report, clamavLimits bool) verdict {
	switch {
	case r.Verdict == scanner.VerdictUnknown:
		return verdict{fault: "could not be examined"}
	case r.Disposition == scanner.Accept, r.Disposition == scanner.Quarantine:
		return verdict{}
	case r.Disposition == scanner.Defer:
		return verdict{fault: "could not be judged, try again later"}
	}
	names := findingNames(by, r)
	if r.Verdict != scanner.VerdictMalicious || len(names) == 0 {
		names = append(names, uncheckedNames(by, r, clamavLimits)...)
	}
	if len(names) == 0 {
		names = []string{"Fivefifty.Refused"}
	}
	return verdict{names: names[:min(len(names), maxNames)]}
}

// gravest are the classes from the gravest on.
var gravest = []scanner.Class{scanner.ClassMalicious, scanner.ClassUnknown, scanner.ClassBlocked, scanner.ClassUnwanted,
	scanner.ClassSuspicious, scanner.ClassNotice, scanner.ClassAllowed}

// findingNames names what was found and is refused, the gravest first.
func findingNames(by *scanner.Scanner, r *scanner.Report) (names []string) {
	for _, class := range gravest {
		if by.ClassDisposition(class) != scanner.Reject {
			continue
		}
		for _, f := range r.Findings() {
			if f.Class == class {
				names = addName(names, findingName(f))
			}
		}
		if class == scanner.ClassMalicious && len(names) > 0 {
			return names
		}
	}
	return names
}

// uncheckedNames names what was not examined and is refused for it. First come
// names that no client makes an exception for.
func uncheckedNames(by *scanner.Scanner, r *scanner.Report, clamavLimits bool) []string {
	var ours, clamavs []string
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			if by.ReasonDisposition(u.Reason) != scanner.Reject {
				continue
			}
			if name := uncheckedName(r, o, u, clamavLimits); strings.HasPrefix(name, "Heuristics.") {
				clamavs = addName(clamavs, name)
			} else {
				ours = addName(ours, name)
			}
		}
	}
	return append(ours, clamavs...)
}

// addName adds a name that is not there yet.
func addName(names []string, name string) []string {
	if len(names) == maxNames || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// findingName names a finding as ClamAV's clients know it. Names that do not come
// from ClamAV's own signatures end in ".UNOFFICIAL" there.
func findingName(f scanner.Finding) string {
	switch {
	case f.Engine == "policy" && f.Signature == "Policy.Anomaly.vba-macros":
		return "Heuristics.OLE2.ContainsMacros.VBA"
	case f.Engine == "policy":
		return "Fivefifty." + safe(f.Signature)
	case f.Engine == "yara":
		return "YARA." + safe(f.Signature) + ".UNOFFICIAL"
	}
	name := safe(f.Signature)
	if !strings.HasSuffix(name, ".UNOFFICIAL") {
		name += ".UNOFFICIAL"
	}
	return name
}

// uncheckedName names what was not examined.
func uncheckedName(r *scanner.Report, o *scanner.Object, u scanner.Unchecked, clamavLimits bool) string {
	switch u.Reason {
	case scanner.ReasonEncrypted:
		return "Heuristics.Encrypted." + containerName(r, o)
	case scanner.ReasonLimit:
		if clamavLimits {
			return "Heuristics.Limits.Exceeded." + safe(u.Limit)
		}
		return "Fivefifty.Limit." + safe(u.Limit)
	}
	return "Fivefifty." + strings.ToUpper(u.Reason.String()[:1]) + u.Reason.String()[1:]
}

// containerNames are ClamAV's words for what is encrypted.
var containerNames = map[string]string{
	"zip": "Zip", "rar": "RAR", "7z": "7Zip", "pdf": "PDF", "doc": "OLE", "xls": "OLE", "ppt": "OLE", "ole": "OLE",
	"docx": "OLE", "xlsx": "OLE", "pptx": "OLE", "p7m": "SMIME", "pgp": "PGP", "arj": "ARJ",
}

func containerName(r *scanner.Report, o *scanner.Object) string {
	for {
		if n, ok := containerNames[o.Type]; ok {
			return n
		}
		if o.Parent < 0 {
			return "Archive"
		}
		o = r.Objects[o.Parent]
	}
}

// safe keeps a name within the alphabet that all clients split right.
func safe(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, name)
	if len(name) > 200 {
		name = name[:200]
	}
	if name == "" {
		return "unnamed"
	}
	return name
}
