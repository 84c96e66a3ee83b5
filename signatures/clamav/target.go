package clamav

// Types of files that a signature is for, by ClamAV's numbers.
const (
	targetAny  = 0
	targetPE   = 1
	targetHTML = 3
	targetMail = 4
	targetText = 7
)

// Faults of targets.
const (
	normalised  fault = "for HTML or text, which ClamAV matches in a form that it makes of it"
	wholeMail   fault = "for a mail as a whole: engines see its parts"
	otherTarget fault = "for a type of file that is not known here"
)

// targets are the conditions for these types. ClamAV looks at the first bytes; for
// PDF it looks further, and there and for pictures our own type decides.
var targets = map[int]string{
	targetAny: "",
	targetPE:  "uint16be(0) == 0x4d5a",
	2:         "uint32be(0) == 0xd0cf11e0 and uint32be(4) == 0xa1b11ae1",
	5:         `(mail_detected == "gif" or mail_detected == "png" or mail_detected == "jpeg" or mail_detected == "tiff" or mail_detected == "bmp")`,
	6:         "uint32be(0) == 0x7f454c46",
	9:         `mail_detected == "macho"`,
	10:        `mail_detected == "pdf"`,
	11:        `mail_detected == "swf"`,
	12:        `mail_detected == "class"`,
}

// guard returns the condition for a type.
func guard(target int) (string, fault) {
	cond, ok := targets[target]
	switch {
	case target == targetHTML, target == targetText:
		return "", normalised
	case target == targetMail:
		return "", wholeMail
	case !ok:
		return "", otherTarget
	}
	return cond, ""
}
