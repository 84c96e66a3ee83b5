package scanner

// Verdict is the gravest thing that is true of a message. The report keeps all
// reasons, not only the gravest.
type Verdict uint8

const (
	VerdictUnknown   Verdict = iota // the zero value is never a pass
	VerdictClean                    // everything was examined, nothing is refused
	VerdictUnchecked                // something was not examined; the report says what and why
	VerdictBlocked                  // the policy refuses a type, a name, an anomaly or a class of findings
	VerdictMalicious                // an engine found malware
)

var verdictNames = names[Verdict]{"unknown", "clean", "unchecked", "blocked", "malicious"}

func (v Verdict) String() string                   { return verdictNames.text(v) }
func (v Verdict) MarshalText() ([]byte, error)     { return []byte(v.String()), nil }
func (v *Verdict) UnmarshalText(text []byte) error { return verdictNames.parse(v, "verdict", text) }

// Disposition is what the policy wants done with a message.
type Disposition uint8

const (
	DispositionDefault Disposition = iota // in a Policy: what the default policy says
	Accept
	Quarantine // accept, and hold it where only an operator can release it
	Defer      // refuse for now: the sender tries again (4xx)
	Reject     // refuse (5xx)
)

var dispositionNames = names[Disposition]{"default", "accept", "quarantine", "defer", "reject"}

func (d Disposition) String() string               { return dispositionNames.text(d) }
func (d Disposition) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
func (d *Disposition) UnmarshalText(text []byte) error {
	return dispositionNames.parse(d, "disposition", text)
}
