package maillog

import (
	"bytes"
	"strings"
)

// MessageID finds the field Message-ID in the first bytes of a message that is
// written to it. The zero value is ready.
type MessageID struct {
	head []byte
	done bool
	id   string
}

// maxHead bounds what is kept: the field stands early.
const maxHead = 32 << 10

// Write implements io.Writer and never fails.
func (m *MessageID) Write(p []byte) (int, error) {
	if m.done {
		return len(p), nil
	}
	before := len(m.head)
	m.head = append(m.head, p[:min(len(p), maxHead-before)]...)
	end := bytes.Index(m.head[max(0, before-3):], []byte("\r\n\r\n"))
	if end >= 0 || len(m.head) == maxHead {
		m.find()
	}
	return len(p), nil
}

// String is the message id, cut to 200 bytes; "" if there is none.
func (m *MessageID) String() string {
	if !m.done {
		m.find()
	}
	return m.id
}

func (m *MessageID) find() {
	head, _, _ := bytes.Cut(m.head, []byte("\r\n\r\n"))
	m.done, m.head = true, nil
	found := false
	for line := range strings.SplitSeq(string(head), "\r\n") {
		folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch name, value, ok := strings.Cut(line, ":"); {
		case found && !folded:
			return
		case found:
			m.id = strings.TrimSpace(m.id + " " + strings.TrimSpace(line))
		case ok && strings.EqualFold(strings.TrimSpace(name), "Message-ID"):
			found, m.id = true, strings.TrimSpace(value)
		}
		m.id = m.id[:min(len(m.id), 200)]
	}
}
