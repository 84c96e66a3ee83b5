// Package workload makes the messages that are measured: the same bytes in every
// run, with the digest of every object that a scanner is to find in them.
package workload

import "crypto/sha256"

// Mail is one message.
type Mail struct {
	Name    string
	Raw     []byte   // as it arrives
	Objects []Object // in the order of the tree: the message itself, then what is in it
}

// Object is one object of a message, as scanner.Object is: the message, a
// part's body, a member of an archive.
type Object struct {
	Coding  Coding
	Encoded []byte // as it stands in the object that it is in
	Data    []byte // decoded
	Sum     [sha256.Size]byte
	Leaf    bool // nothing is in it
}

// Coding is what stands between an object and the object that it is in.
type Coding uint8

const (
	Identity        Coding = iota // 7bit, stored, or the message itself
	Base64                        // lines of 76 characters and CRLF
	QuotedPrintable               // RFC 2045 section 6.7, lines end in CRLF
	Deflate                       // RFC 1951
)

// Leaves counts the objects that hold no others.
func (m *Mail) Leaves() int {
	n := 0
	for i := range m.Objects {
		if m.Objects[i].Leaf {
			n++
		}
	}
	return n
}

// Decoded is the sum of the decoded sizes of all objects but the message
// itself, in bytes.
func (m *Mail) Decoded() int64 {
	var n int64
	for i := range m.Objects[1:] {
		n += int64(len(m.Objects[i+1].Data))
	}
	return n
}
