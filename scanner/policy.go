package scanner

// Policy says what is done about findings and unexamined objects. The zero
// value is the default policy: malicious content is refused, nothing that could
// not be examined passes, and no type or name is blocked as such.
type Policy struct {
	// Findings gives each class its disposition. Default: malicious and blocked
	// reject, the rest accept.
	Findings map[Class]Disposition

	// Unchecked gives each reason its disposition. Default: timeout, engine and
	// incomplete defer (451), the rest reject (550).
	Unchecked map[Reason]Disposition

	// BlockTypes lists true types ("pe", "lnk", …) that are refused anywhere;
	// BlockTypesInside those that are refused inside an archive. See
	// ExecutableTypes.
	BlockTypes       []string
	BlockTypesInside []string

	// BlockNames lists patterns of path.Match for base names, in lower case:
	// "*.scr". Every name that an object bears is judged.
	BlockNames []string

	// BlockAnomalies lists anomalies that are refused: "double-extension",
	// "bidi-override", "type-contradicts-name", or any that mime and archive
	// document.
	BlockAnomalies []string

	// VirusText replaces the public text for malicious messages. "%s" is the
	// signature, "%r" the report's reference, "%%" a percent sign. Default:
	// "E-mail message contained a virus."
	VirusText string
}
