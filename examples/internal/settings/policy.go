package settings

import (
	"errors"

	"github.com/fivefifty/fivefifty/scanner"
)

// Policy is the section [policy].
type Policy struct {
	VirusText        string   `toml:"virus_text"`
	BlockTypes       []string `toml:"block_types"`
	BlockTypesInside []string `toml:"block_types_inside"`
	BlockNames       []string `toml:"block_names"`
	BlockAnomalies   []string `toml:"block_anomalies"`
	Findings         map[string]scanner.Disposition
	Unchecked        map[string]scanner.Disposition
}

// errQuarantine is what a policy gets that asks a program to keep messages which
// keeps none.
var errQuarantine = errors.New(`this program keeps no messages: "quarantine" is not possible, use "defer" or "reject"`)

// scanner is the policy in the scanner's terms; quarantine says whether the
// program can hold messages.
func (p Policy) scanner(quarantine bool) (scanner.Policy, error) {
	out := scanner.Policy{
		VirusText: p.VirusText, BlockTypes: p.BlockTypes, BlockTypesInside: p.BlockTypesInside,
		BlockNames: p.BlockNames, BlockAnomalies: p.BlockAnomalies,
		Findings:  map[scanner.Class]scanner.Disposition{},
		Unchecked: map[scanner.Reason]scanner.Disposition{},
	}
	for name, d := range p.Findings {
		var class scanner.Class
		if err := class.UnmarshalText([]byte(name)); err != nil {
			return out, err
		}
		if d == scanner.Quarantine && !quarantine {
			return out, errQuarantine
		}
		out.Findings[class] = d
	}
	for name, d := range p.Unchecked {
		var reason scanner.Reason
		if err := reason.UnmarshalText([]byte(name)); err != nil {
			return out, err
		}
		if d == scanner.Quarantine && !quarantine {
			return out, errQuarantine
		}
		out.Unchecked[reason] = d
	}
	return out, nil
}
