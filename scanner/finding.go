package scanner

// Finding is what an engine or the policy has to say about an object.
type Finding struct {
	Engine    string `json:"engine"`           // Engine.Name, or "policy"
	Signature string `json:"signature"`        // the rule's or signature's own name
	Class     Class  `json:"class"`            // what it means
	Detail    string `json:"detail,omitempty"` // for the log: what else the engine knows; never sent to the client
	Score     int    `json:"score,omitempty"`  // 0 to 100 where the engine has one

	// Where the signature comes from, and what its author says of it.
	Namespace   string `json:"namespace,omitempty"`
	Source      string `json:"source,omitempty"` // file of rules or hashes, with ":line" where known
	Description string `json:"description,omitempty"`
	Reference   string `json:"reference,omitempty"`

	Matches []Match `json:"matches,omitempty"` // where it matched, the first of them
}

// Match is one place in an object where a signature matched.
type Match struct {
	Name   string `json:"name"`   // of the string in the rule, "$a"
	Offset int64  `json:"offset"` // bytes from the object's start
	Length int    `json:"length"` // bytes
}

// Class says what a finding means; the policy gives each class a disposition.
type Class uint8

const (
	ClassUnknown    Class = iota // an engine must not return it; treated as malicious
	ClassMalicious               // malware
	ClassSuspicious              // worth a look; accepted by default
	ClassUnwanted                // not malware, but what operators may refuse (adware, tools); accepted by default
	ClassBlocked                 // refused by policy: a type, a name, an anomaly
	ClassNotice                  // a fact for the report
	ClassAllowed                 // known to be harmless: what engines found in the same object, not in what comes out of it, counts as a notice
)

var classNames = names[Class]{"unknown", "malicious", "suspicious", "unwanted", "blocked", "notice", "allowed"}

func (c Class) String() string                   { return classNames.text(c) }
func (c Class) MarshalText() ([]byte, error)     { return []byte(c.String()), nil }
func (c *Class) UnmarshalText(text []byte) error { return classNames.parse(c, "class", text) }
