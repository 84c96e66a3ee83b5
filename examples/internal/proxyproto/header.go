// Package proxyproto reads the header by which a proxy tells, in front of a
// connection, whose it is: version 1, a line of text, and version 2, binary
// (haproxy.org/download/2.9/doc/proxy-protocol.txt).
//
// The header can be forged by whoever connects: read it only from proxies.
package proxyproto

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ErrMalformed is a header that is missing or broken.
var ErrMalformed = errors.New("proxyproto: no valid header")

const (
	maxLine = 107  // of version 1, with CRLF
	maxBody = 2048 // of version 2: addresses take 216 at most, the rest are optional fields that nobody here reads
)

var signature = []byte("\r\n\r\n\x00\r\nQUIT\n")

// Read reads the header off r, whose buffer must hold 107 bytes, and not a byte
// more. The zero AddrPort means that the proxy speaks for itself, or for
// something without an address.
func Read(r *bufio.Reader) (netip.AddrPort, error) {
	first, err := r.Peek(1)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if first[0] == signature[0] {
		return readBinary(r)
	}
	return readLine(r)
}

// Header returns the header of version 1 that tells a server that a connection is
// from's. to is the server's address, the zero AddrPort where it has none.
func Header(from, to netip.AddrPort) string {
	a, b := from.Addr().Unmap(), to.Addr().Unmap()
	family := "TCP4"
	switch {
	case !a.IsValid():
		return "PROXY UNKNOWN\r\n"
	case a.Is6():
		family = "TCP6"
	}
	if a.Is6() != b.Is6() || !b.IsValid() { // the format wants one of the same family; nobody reads it
		b = netip.IPv4Unspecified()
		if a.Is6() {
			b = netip.IPv6Unspecified()
		}
	}
	return fmt.Sprintf("PROXY %s %s %s %d %d\r\n", family, a.WithZone(""), b.WithZone(""), from.Port(), to.Port())
}

func readLine(r *bufio.Reader) (from netip.AddrPort, err error) {
	var line []byte
	for !bytes.HasSuffix(line, []byte("\n")) {
		if len(line) == maxLine || len(line) == 5 && string(line) != "PROXY" {
			return from, ErrMalformed
		}
		b, err := r.ReadByte()
		if err != nil {
			return from, err
		}
		line = append(line, b)
	}
	text, crlf := strings.CutSuffix(string(line), "\r\n")
	words := strings.Split(text, " ")
	if !crlf || words[0] != "PROXY" || len(words) < 2 {
		return from, ErrMalformed
	}
	if words[1] == "UNKNOWN" {
		return from, nil
	}
	if len(words) != 6 {
		return from, ErrMalformed
	}
	addr, err := netip.ParseAddr(words[2])
	port, perr := strconv.ParseUint(words[4], 10, 16)
	if err != nil || perr != nil || addr.Zone() != "" || !(words[1] == "TCP4" && addr.Is4() || words[1] == "TCP6" && addr.Is6()) {
		return from, ErrMalformed
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// readBinary reads version 2: the signature, version and command, family, the
// length of what follows, and that.
func readBinary(r *bufio.Reader) (from netip.AddrPort, err error) {
	head := make([]byte, 16)
	if err := readFull(r, head, signature); err != nil {
		return from, err
	}
	n := int(binary.BigEndian.Uint16(head[14:]))
	if head[12]>>4 != 2 || n > maxBody {
		return from, ErrMalformed
	}
	body := make([]byte, n)
	if err := readFull(r, body, nil); err != nil {
		return from, err
	}
	switch command, family := head[12]&15, head[13]; {
	case command == 0: // LOCAL: the proxy's own check
		return from, nil
	case command != 1:
		return from, ErrMalformed
	case family>>4 == 1 && n >= 12:
		addr, _ := netip.AddrFromSlice(body[:4])
		return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(body[8:])), nil
	case family>>4 == 2 && n >= 36:
		addr, _ := netip.AddrFromSlice(body[:16])
		return netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(body[32:])), nil
	case family>>4 == 0 || family>>4 == 3 && n >= 216: // unspecified, unix
		return from, nil
	}
	return from, ErrMalformed
}

// readFull fills p, and stops at the first byte that differs from what p must begin
// with.
func readFull(r *bufio.Reader, p, begin []byte) error {
	for i := range p {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		p[i] = b
		if i < len(begin) && b != begin[i] {
			return ErrMalformed
		}
	}
	return nil
}
