package mime

import (
	"bytes"
	"slices"
)

// branch gives the carver of another reading of the text, whose entity is host.
// What is being carved goes on in both.
func (c *carver) branch(host *Entity, label string) *carver {
	n := *c
	n.host = host
	n.line, n.block, n.quote = bytes.Clone(c.line), bytes.Clone(c.block), slices.Clone(c.quote)
	n.file, n.out = nil, nil
	switch c.state {
	case inFile:
		if n.file = c.file.branch(label); n.file == nil {
			n.state = inText
		}
	case inMessage:
		out, ok := branchOff(c.out.e, c.out, label).(*leaf)
		if n.out = out; !ok {
			n.state = inText
		}
	}
	return &n
}
