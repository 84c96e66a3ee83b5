package scanner

// Finding is what an engine or the policy has to say about an object.
type Finding struct {
	Engine    string `json:"engine"`           // Engine.Name, or "policy"
	Signature string `json:"signature"`        // the rule's or signature's own name
	Class     Class  `json:"class"`            // what it means
	Detail    string `json:"detail,omitempty"` // for the log: rule file, description; never sent to the client
	Score     int    `json:"score,omitempty"`  // 0 to 100 where the engine has one
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
)

var classNames = names[Class]{"unknown", "malicious", "suspicious", "unwanted", "blocked", "notice"}

func (c Class) String() string                   { return classNames.text(c) }
func (c Class) MarshalText() ([]byte, error)     { return []byte(c.String()), nil }
func (c *Class) UnmarshalText(text []byte) error { return classNames.parse(c, "class", text) }
