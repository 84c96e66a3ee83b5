package smtprelay

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// reply is an SMTP reply: the texts of its lines, each with its enhanced status
// code where there is one, without reply code and CRLF.
type reply struct {
	code  int
	lines []string
}

// say makes a reply of one line; enhanced is "" or an enhanced status code (RFC
// 3463).
func say(code int, enhanced, text string) *reply {
	if enhanced != "" {
		text = enhanced + " " + text
	}
	return &reply{code, []string{text}}
}

// maxReplyText keeps a line within 512 octets with its code and CRLF (RFC 5321
// section 4.5.3.1.5).
const maxReplyText = 506

// wire is the reply as it is sent: printable ASCII, the code on every line (RFC
// 5321 section 4.2.1).
func (r *reply) wire() string {
	var b strings.Builder
	for i, line := range r.lines {
		sep := byte('-')
		if i == len(r.lines)-1 {
			sep = ' '
		}
		line = printable(line)
		fmt.Fprintf(&b, "%d%c%s\r\n", r.code, sep, line[:min(len(line), maxReplyText)])
	}
	return b.String()
}

// String is the reply on one line, for the log.
func (r *reply) String() string { return fmt.Sprintf("%d %s", r.code, strings.Join(r.lines, " / ")) }

func (r *reply) good() bool { return r.code/100 == 2 }

var errReply = errors.New("smtprelay: malformed reply of the upstream")

// readReply reads one reply. Lines longer than r's buffer and more than 128
// lines are malformed.
func readReply(r *bufio.Reader) (*reply, error) {
	rep := new(reply)
	for range 128 {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		code, err := strconv.Atoi(text[:min(3, len(text))])
		if err != nil || code < 200 || code > 599 || rep.code != 0 && code != rep.code {
			return nil, errReply
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
	return nil, errReply
}

// pass makes the upstream's reply the one that our client gets. 421 becomes
// 451, since our own session goes on; a reply that makes no sense there too.
// Lines without an enhanced status code get the general one, as we said at EHLO
// that every line has one (RFC 2034 section 4).
func (r *reply) pass() *reply {
	out := &reply{code: r.code}
	switch {
	case r.code == 421:
		out.code = 451
	case r.code < 250 || r.code >= 300 && r.code < 400:
		return tempFail("4.5.0", "Upstream gave an unexpected reply")
	}
	for _, line := range r.lines {
		if !hasEnhanced(line, out.code/100) {
			line = strings.TrimSpace(fmt.Sprintf("%d.0.0 %s", out.code/100, line))
		}
		out.lines = append(out.lines, line)
	}
	return out
}

// hasEnhanced says whether a line begins with an enhanced status code of the
// class.
func hasEnhanced(line string, class int) bool {
	word, _, _ := strings.Cut(line, " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || parts[0] != strconv.Itoa(class) {
		return false
	}
	for _, p := range parts[1:] {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 999 {
			return false
		}
	}
	return true
}

// printable replaces what must not be in a reply, a header or a command.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, line)
}

func fromScanner(r scanner.Reply) *reply { return say(r.Code, r.Enhanced, r.Text) }

func tempFail(enhanced, text string) *reply { return say(451, enhanced, text) }
