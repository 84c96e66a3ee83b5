package scanner

// Unchecked says that something was not examined, and why.
type Unchecked struct {
	Reason Reason `json:"reason"`
	Limit  string `json:"limit,omitempty"` // for ReasonLimit: which one, as in Limits, lower case
	Detail string `json:"detail,omitempty"`
}

// Reason is why something was not examined; the policy gives each a
// disposition.
type Reason uint8

const (
	ReasonUnknown     Reason = iota
	ReasonEncrypted          // needs a password
	ReasonLimit              // one of Limits was met
	ReasonMalformed          // broken, and could not be read to its end
	ReasonUnsupported        // a format, method or encoding that is not implemented
	ReasonTimeout            // Limits.Time was used up
	ReasonEngine             // an engine or a decoder failed
	ReasonIncomplete         // the message ended early, or the scan was cancelled
)

var reasonNames = names[Reason]{"unknown", "encrypted", "limit", "malformed", "unsupported", "timeout", "engine", "incomplete"}

func (r Reason) String() string                   { return reasonNames.text(r) }
func (r Reason) MarshalText() ([]byte, error)     { return []byte(r.String()), nil }
func (r *Reason) UnmarshalText(text []byte) error { return reasonNames.parse(r, "reason", text) }
