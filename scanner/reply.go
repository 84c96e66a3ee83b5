package scanner

import (
	"errors"
	"strconv"
	"strings"
)

// Reply is the SMTP reply that a report asks for (RFC 5321 section 4.2, RFC
// 3463). For an accepted message it is 250 2.0.0.
type Reply struct {
	Code     int    `json:"code"`
	Enhanced string `json:"enhanced"` // "5.7.1"; its class is that of Code
	Text     string `json:"text"`     // one line, printable ASCII, at most 512 octets with codes and CRLF
}

// String returns the reply line without CRLF.
func (r Reply) String() string {
	return strconv.Itoa(r.Code) + " " + r.Enhanced + " " + r.Text
}

// Temporary says that the sender should try again.
func (r Reply) Temporary() bool { return r.Code/100 == 4 }

const limitMessageBytes = "message_bytes"

// Rows of the reply table that are not called by a Reason.
const (
	rowClean     = "clean"
	rowMalicious = "malicious"
	rowBlocked   = "blocked"
	rowTooLarge  = "too-large"
)

// replies is the one place where codes and texts stand. Temporary refusals of
// any row are 451 4.7.1 (RFC 3463 section 3.8, X.7.1: delivery not authorized,
// message refused): there is no registered code for malware.
var replies = map[string]Reply{
	rowClean:      {250, "2.0.0", "Message accepted"},
	rowMalicious:  {550, "5.7.1", "E-mail message contained a virus."},
	rowBlocked:    {550, "5.7.1", "E-mail message contains a file of a kind that is not accepted here."},
	rowTooLarge:   {552, "5.3.4", "E-mail message is too large to be checked for viruses."},
	"encrypted":   {550, "5.7.1", "E-mail message contains an encrypted file that cannot be checked for viruses; please send it unencrypted or another way."},
	"limit":       {550, "5.7.1", "E-mail message is too complex to be checked for viruses; please send its files plain or another way."},
	"malformed":   {550, "5.7.1", "E-mail message contains a damaged file that cannot be checked for viruses; please make and send it anew."},
	"unsupported": {550, "5.7.1", "E-mail message contains a kind of archive that cannot be checked for viruses; please send its files plain or as .zip."},
	"timeout":     {550, "5.7.1", "E-mail message takes too long to be checked for viruses."},
	"engine":      {550, "5.7.1", "E-mail message could not be checked for viruses."},
	"incomplete":  {550, "5.7.1", "E-mail message arrived incomplete and could not be checked for viruses."},
	"unknown":     {550, "5.7.1", "E-mail message could not be checked for viruses."},
}

// temporary are the texts of refusals that ask to try again, where the table's
// own would mislead.
var temporary = map[string]string{
	"timeout":    "E-mail message could not be checked for viruses in time; please try again later.",
	"engine":     "E-mail message could not be checked for viruses; please try again later.",
	"incomplete": "E-mail message arrived incomplete; please try again later.",
}

func (p *policy) reply(c cause, reference string) Reply {
	row := replies[c.row]
	if c.row == rowMalicious && p.virusText != "" {
		row.Text = expand(p.virusText, c.signature, reference)
	}
	switch c.disposition {
	case Accept, Quarantine:
		return replies[rowClean]
	case Defer:
		if text, ok := temporary[c.row]; ok {
			row.Text = text
		}
		row.Code, row.Enhanced = 451, "4.7.1"
	}
	row.Text = wire(row.Text)
	return row
}

// errText is returned for a VirusText with an unknown verb.
var errText = errors.New(`scanner: Config.Policy.VirusText: verbs are "%s", "%r" and "%%"`)

func checkText(text string) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++
		if i == len(text) || !strings.ContainsRune("sr%", rune(text[i])) {
			return errText
		}
	}
	return nil
}

func expand(text, signature, reference string) string {
	return strings.NewReplacer("%%", "%", "%s", signature, "%r", reference).Replace(text)
}

// maxText is what RFC 5321 section 4.5.3.1.5 leaves of 512 octets beside
// "550 5.7.1 " and CRLF, with room for longer enhanced codes.
const maxText = 512 - len("550 5.7.999 ") - len("\r\n")

// wire makes text safe to stand in a reply whatever it was made of: printable
// ASCII, one line, bounded.
func wire(text string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() == maxText {
			break
		}
		if r < ' ' || r > '~' {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
