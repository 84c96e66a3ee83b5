package clamdserver

import (
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// verdict is what a report comes to in clamd's words.
type verdict struct {
	names []string // FOUND, the decisive one first
	fault string   // ERROR, if there are no names
}

// judge turns a report into clamd's words. What the policy accepts or holds is
// OK: clamd has no word for "hold".
func (s *Server) judge(r *scanner.Report) verdict {
	switch r.Disposition {
	case scanner.Accept, scanner.Quarantine:
		return verdict{}
	}
	var v verdict
	add := func(name string) {
		for _, n := range v.names {
			if n == name {
				return
			}
		}
		if len(v.names) < 64 {
			v.names = append(v.names, name)
		}
	}
	for _, class := range []scanner.Class{scanner.ClassMalicious, scanner.ClassBlocked, scanner.ClassUnwanted, scanner.ClassSuspicious} {
		for _, f := range r.Findings() {
			if f.Class == class {
				add(findingName(f))
			}
		}
		if r.Verdict == scanner.VerdictMalicious && class == scanner.ClassMalicious {
			return v
		}
	}
	if r.Verdict != scanner.VerdictBlocked {
		v.names = nil // noticed, but not why it is refused
	}
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			switch u.Reason {
			case scanner.ReasonTimeout, scanner.ReasonEngine, scanner.ReasonIncomplete:
				if r.Disposition == scanner.Defer {
					v.fault = "could not be examined: " + u.Reason.String()
					continue
				}
			}
			add(s.uncheckedName(r, o, u))
		}
	}
	if r.Disposition == scanner.Defer && v.fault == "" {
		v.fault = "is deferred by policy"
	}
	if v.fault != "" && r.Disposition == scanner.Defer {
		v.names = nil
	}
	if len(v.names) == 0 && v.fault == "" {
		add("Fivefifty.Refused")
	}
	return v
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
func (s *Server) uncheckedName(r *scanner.Report, o *scanner.Object, u scanner.Unchecked) string {
	switch u.Reason {
	case scanner.ReasonEncrypted:
		return "Heuristics.Encrypted." + containerName(r, o)
	case scanner.ReasonLimit:
		if s.opts.LimitNames {
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
