package mime

import (
	"bytes"
	"slices"
	"strconv"
)

// smuggler looks for a second SMTP transaction in the message: a line with nothing
// but a dot, then commands, then DATA. What follows is a message of its own to a
// server that takes the dot for the end of the data.
//
// QUIRK: RFC 5321 section 4.1.1.4 ends the data at CRLF.CRLF only. Servers that
// took a dot between lone LFs, lone CRs or NULs for it made two messages of one
// (SEC Consult, 2023).
type smuggler struct {
	w     *Walker
	state smuggleState
	tail  []byte                // the last bytes of the message, while looking for commands
	room  [2 * smuggleTail]byte // for tail
	line  []byte
	lines int // of commands
	count int
	cr    bool // the last piece ended in CR; an LF belongs to it
	fresh bool // nothing of the message has come
	out   *leaf
}

type smuggleState uint8

const (
	smuggleSearch   smuggleState = iota // looking for MAIL FROM
	smuggleCommands                     // waiting for DATA
	smuggleMessage                      // within the message
)

const (
	smuggleTail = 256  // bytes in which the dot must stand in front of MAIL FROM
	smuggleLine = 1024 // bytes kept of a line
	smuggleMost = 1000 // lines of commands at most
)

func (s *smuggler) write(p []byte) error {
	for len(p) > 0 && !s.w.full {
		if s.state == smuggleSearch {
			if p = s.search(p); p == nil {
				return nil
			}
			continue
		}
		if s.cr && p[0] == '\n' {
			if s.cr = false; s.state == smuggleMessage && !s.fresh {
				if err := s.out.write(p[:1]); err != nil {
					return err
				}
			}
			p = p[1:]
			continue
		}
		s.fresh = false
		n := lineLength(p)
		s.cr = n == len(p) && p[n-1] == '\r'
		if s.state == smuggleMessage && lineEnd(p) >= 0 && len(s.line) == 0 {
			// Whole lines but for those that may be a dot need no copy.
			if c := p[0]; c != '.' && c != 0 {
				if err := s.out.write(p[:n]); err != nil {
					return err
				}
				p = p[n:]
				continue
			}
		}
		ended := lineEnd(p) >= 0
		s.line = append(s.line, p[:n]...)
		p = p[n:]
		if !ended && len(s.line) < smuggleLine {
			continue
		}
		line := s.line
		s.line = s.line[:0]
		if err := s.take(line); err != nil {
			return err
		}
	}
	return nil
}

// search looks for "MAIL FROM:" behind a dot, and returns what follows it.
func (s *smuggler) search(p []byte) (rest []byte) {
	for from := 0; ; {
		i := bytes.IndexByte(p[from:], ':')
		if i < 0 {
			break
		}
		i += from
		from = i + 1
		if c := s.before(p, i) | 0x20; c != 'm' && c != ' ' {
			continue
		}
		if !s.mailFrom(p[:i]) {
			continue
		}
		if behindDot(slices.Concat(s.tail, p[max(0, i-smuggleTail):i])) {
			s.state, s.lines, s.tail = smuggleCommands, 0, s.tail[:0]
			return p[i+1:]
		}
	}
	if s.tail == nil {
		s.tail = s.room[:0]
	}
	if len(p) < smuggleTail {
		s.tail = append(s.tail, p...)
		s.tail = append(s.tail[:0], s.tail[max(0, len(s.tail)-smuggleTail):]...)
	} else {
		s.tail = append(s.tail[:0], p[len(p)-smuggleTail:]...)
	}
	return nil
}

// mailFrom reports whether p may end in "MAIL FROM", as far as it goes.
func (s *smuggler) mailFrom(p []byte) bool {
	if len(p) < 32 {
		return true
	}
	_, ok := cutWord(p, "from")
	return ok
}

// before returns the byte before p[i], 0 if there is none.
func (s *smuggler) before(p []byte, i int) byte {
	switch {
	case i > 0:
		return p[i-1]
	case len(s.tail) > 0:
		return s.tail[len(s.tail)-1]
	}
	return 0
}

// maxVerbs is how many commands may stand between the dot and MAIL.
const maxVerbs = 6

// behindDot reports whether b ends in a line "MAIL FROM" behind a line with a dot,
// with nothing but other commands in between.
func behindDot(b []byte) bool {
	b, ok := cutWord(b, "from")
	if trimmed := bytes.TrimRight(b, " \t"); !ok || len(trimmed) == len(b) {
		return false
	}
	b, ok = cutWord(b, "mail")
	if n := len(b); !ok || n == 0 || b[n-1] != '\r' && b[n-1] != '\n' {
		return false
	}
	for range maxVerbs {
		b = bytes.TrimRight(b, "\r\n")
		line := b[bytes.LastIndexAny(b, "\r\n")+1:]
		if isDot(line) {
			return true
		}
		if !smtpVerb(line) {
			return false
		}
		b = b[:len(b)-len(line)]
	}
	return false
}

// cutWord cuts a word and the blanks around it off the end of b.
func cutWord(b []byte, word string) ([]byte, bool) {
	b = bytes.TrimRight(b, " \t")
	n := len(b) - len(word)
	if n < 0 || !bytes.EqualFold(b[n:], []byte(word)) {
		return b, false
	}
	return b[:n], true
}

// isDot reports whether a line has nothing but a dot.
func isDot(line []byte) bool {
	return string(bytes.Trim(line, "\r\n\x00")) == "."
}

// smtpVerb reports whether a line is a command that may stand around MAIL.
func smtpVerb(line []byte) bool {
	if len(line) < 4 {
		return false
	}
	switch [4]byte{line[0] | 0x20, line[1] | 0x20, line[2] | 0x20, line[3] | 0x20} {
	case verb("ehlo"), verb("helo"), verb("rset"), verb("noop"), verb("mail"), verb("rcpt"), verb("data"), verb("vrfy"), verb("lhlo"):
		return true
	}
	return false
}

func verb(s string) [4]byte { return [4]byte([]byte(s)) }

// take takes a line of commands or of the message.
func (s *smuggler) take(line []byte) error {
	if s.state == smuggleMessage {
		if !isDot(line) {
			return s.out.write(line)
		}
		out := s.out
		s.state, s.out = smuggleSearch, nil
		s.tail = append(s.tail[:0], "\n.\n"...)
		return out.close()
	}
	if s.lines++; s.lines == 1 {
		return nil // the rest of the line of MAIL
	}
	word := bytes.TrimRight(line, "\r\n \t")
	switch {
	case equalFold(string(word), "data"):
		s.begin()
	case len(word) > 0 && !smtpVerb(word), s.lines > smuggleMost:
		s.state = smuggleSearch
	}
	return nil
}

// begin begins the message.
func (s *smuggler) begin() {
	s.state = smuggleSearch
	s.count++
	e := &Entity{
		Path: "smuggled." + strconv.Itoa(s.count), Kind: Carved, Parent: s.w.root, Depth: 1, Reading: "smtp=second",
		MediaType: "message/rfc822", Params: map[string]string{}, Encoding: "7bit", Anomalies: []string{AnomalySmuggled},
	}
	if s.w.root != nil {
		s.w.root.note(AnomalySmuggled)
	}
	if s.out = newLeaf(s.w, e, false); s.out != nil {
		s.state, s.fresh = smuggleMessage, true
	}
}

func (s *smuggler) close() error {
	if s.out == nil {
		return nil
	}
	if len(s.line) > 0 && !s.w.full {
		if err := s.out.write(s.line); err != nil {
			return err
		}
	}
	return s.out.close()
}
