package smtprelay

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/scanner"
)

// reply is an SMTP reply of the upstream, its lines without code and CRLF.
type reply struct {
	code  int
	lines []string
}

var errReply = errors.New("smtprelay: malformed reply of the upstream")

// readReply reads one reply. Lines longer than r's buffer and more than 128
// lines are malformed.
func readReply(r *bufio.Reader) (reply, error) {
	var rep reply
	for range 128 {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return rep, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		code, err := strconv.Atoi(text[:min(3, len(text))])
		if err != nil || code < 200 || code > 599 || rep.code != 0 && code != rep.code {
			return rep, errReply
		}
		rep.code = code
		text = text[3:]
		more := strings.HasPrefix(text, "-")
		if text != "" {
			text = text[1:]
		}
		rep.lines = append(rep.lines, text)
		if !more {
			return rep, nil
		}
	}
	return rep, errReply
}

// pass makes the upstream's reply the one that our client gets. 421 becomes
// 451, since our own session goes on; a reply that makes no sense there too.
func (rep reply) pass() *smtp.SMTPError {
	switch {
	case rep.code == 421:
		rep.code = 451
	case rep.code < 250 || rep.code >= 300 && rep.code < 400:
		return tempFail(smtp.EnhancedCode{4, 5, 0}, "Upstream gave an unexpected reply")
	}
	out := &smtp.SMTPError{Code: rep.code, EnhancedCode: smtp.NoEnhancedCode}
	last := len(rep.lines) - 1
	var texts []string
	for i, line := range rep.lines {
		if i == last {
			// go-smtp writes the enhanced code of the last line only, the
			// others keep theirs in the text.
			out.EnhancedCode, line = cutEnhanced(line)
		}
		texts = append(texts, printable(line))
	}
	out.Message = strings.Join(texts, "\n")
	return out
}

// cutEnhanced takes an enhanced status code (RFC 3463) off a line.
func cutEnhanced(line string) (smtp.EnhancedCode, string) {
	word, rest, _ := strings.Cut(line, " ")
	var code smtp.EnhancedCode
	parts := strings.Split(word, ".")
	if len(parts) != 3 {
		return smtp.NoEnhancedCode, line
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 999 {
			return smtp.NoEnhancedCode, line
		}
		code[i] = n
	}
	return code, rest
}

// printable keeps a line within ASCII and, with codes, within 512 octets (RFC
// 5321 section 4.5.3.1.5).
func printable(line string) string {
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, line)
	return line[:min(len(line), 480)]
}

// fromScanner makes the scanner's reply go-smtp's. It must reach go-smtp bare:
// a wrapped one would become 554 with internal text.
func fromScanner(r scanner.Reply) *smtp.SMTPError {
	code, _ := cutEnhanced(r.Enhanced)
	return &smtp.SMTPError{Code: r.Code, EnhancedCode: code, Message: r.Text}
}

func tempFail(code smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: 451, EnhancedCode: code, Message: text}
}

// replyText is a reply on one line, for the log.
func replyText(e *smtp.SMTPError) string {
	text := strings.ReplaceAll(e.Message, "\n", " / ")
	if e.EnhancedCode == smtp.NoEnhancedCode {
		return fmt.Sprintf("%d %s", e.Code, text)
	}
	return fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2], text)
}
