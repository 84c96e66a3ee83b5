package scanner

import (
	"path"
	"strings"

	"github.com/fivefifty/fivefifty/internal/filetype"
)

// judge applies the policy to the item's type, names and anomalies.
func (sc *scan) judge(it *item) {
	it.nameAnomalies()
	p := &sc.policy
	typ := it.obj.Type
	if p.types[typ] || it.inArchive && p.typesInside[typ] {
		it.block("Policy.Type." + typ)
	}
	for _, name := range it.obj.Names {
		base := strings.ToLower(strings.TrimRight(baseName(name), ". "))
		for _, pattern := range p.names {
			if ok, _ := path.Match(pattern, base); ok { // patterns were checked by New
				it.block("Policy.Name." + pattern)
			}
		}
	}
}

// judgeAnomalies applies the policy to anomalies, which may come last.
func (p *policy) judgeAnomalies(o *Object) {
	for _, a := range o.Anomalies {
		if p.anomalies[a] {
			o.Findings = append(o.Findings, blocked("Policy.Anomaly."+a))
		}
	}
}

// policyEngine is the policy's name among the engines.
const policyEngine = "policy"

func (it *item) block(signature string) { it.addFinding(blocked(signature)) }

func blocked(signature string) Finding {
	return Finding{Engine: policyEngine, Signature: signature, Class: ClassBlocked}
}

// nameAnomalies records names that hide what the object is.
func (it *item) nameAnomalies() {
	for _, name := range it.obj.Names {
		base := strings.TrimRight(baseName(name), ". \t\u00A0\x00")
		if strings.ContainsFunc(name, isBidiOverride) {
			it.addAnomaly(AnomalyBidiOverride)
		}
		ext := extension(base)
		if programExtensions[ext] && documentExtensions[extension(base[:strings.LastIndexByte(base, '.')])] {
			it.addAnomaly(AnomalyDoubleExtension)
		}
		if it.hasBody() && filetype.Contradicts(ext, it.typ) {
			it.addAnomaly(AnomalyTypeContradicts)
		}
	}
}

// isBidiOverride leaves out the mere marks, which honest Arabic and Hebrew names
// bear.
func isBidiOverride(r rune) bool {
	return isBidi(r) && r != 0x200E && r != 0x200F && r != 0x061C
}
