package smtprelay

import (
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"
)

// mail gives the upstream the sender with those parameters that it offers to
// understand. AUTH is not passed on: it would need the upstream's trust.
func (c *client) mail(from string, o *smtp.MailOptions) *smtp.SMTPError {
	if strings.ContainsAny(from, "\r\n") {
		return badAddress()
	}
	line := "MAIL FROM:<" + from + ">"
	if c.offers("SIZE") && o.Size > 0 {
		line += fmt.Sprintf(" SIZE=%d", o.Size)
	}
	if c.offers("8BITMIME") && o.Body != "" {
		line += " BODY=" + string(o.Body)
	}
	if o.UTF8 {
		if !c.offers("SMTPUTF8") {
			return &smtp.SMTPError{
				Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 7},
				Message: "Upstream takes no internationalized mail",
			}
		}
		line += " SMTPUTF8"
	}
	if c.offers("DSN") {
		if o.Return != "" {
			line += " RET=" + string(o.Return)
		}
		if o.EnvelopeID != "" {
			line += " ENVID=" + xtext(o.EnvelopeID)
		}
	}
	return c.expect(2, line)
}

// rcpt gives the upstream one recipient.
func (c *client) rcpt(to string, o *smtp.RcptOptions) *smtp.SMTPError {
	if strings.ContainsAny(to, "\r\n") {
		return badAddress()
	}
	line := "RCPT TO:<" + to + ">"
	if c.offers("DSN") {
		if len(o.Notify) > 0 {
			var names []string
			for _, n := range o.Notify {
				names = append(names, string(n))
			}
			line += " NOTIFY=" + strings.Join(names, ",")
		}
		if o.OriginalRecipient != "" {
			line += " ORCPT=" + string(o.OriginalRecipientType) + ";" + c.originalRecipient(o)
		}
	}
	return c.expect(2, line)
}

func (c *client) offers(keyword string) bool {
	_, ok := c.ext[keyword]
	return ok
}

// originalRecipient encodes an ORCPT address: xtext, or RFC 6533's form, of
// which both the plain and the escaped one are valid by SMTPUTF8's presence.
func (c *client) originalRecipient(o *smtp.RcptOptions) string {
	if o.OriginalRecipientType != smtp.DSNAddressTypeUTF8 {
		return xtext(o.OriginalRecipient)
	}
	var b strings.Builder
	for _, r := range o.OriginalRecipient {
		if r <= ' ' || r == '+' || r == '=' || r == '\\' || r == 0x7f || r > 0x7f && !c.offers("SMTPUTF8") {
			fmt.Fprintf(&b, "\\x{%02X}", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// xtext encodes s as RFC 3461 section 4 wants it.
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func badAddress() *smtp.SMTPError {
	return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 1, 3}, Message: "Malformed address"}
}
