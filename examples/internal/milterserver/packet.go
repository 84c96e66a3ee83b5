package milterserver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// maxPacket bounds a packet. Body chunks have 64 KiB unless more was agreed on, and
// a header is one packet.
const maxPacket = 1<<20 + 1<<10

// errPacket says that what came is no packet of the protocol.
var errPacket = errors.New("malformed packet")

// readPacket reads one packet: its length in four bytes, its code, its data. The
// data are valid until the next call with the same buf.
func readPacket(r *bufio.Reader, buf *[]byte) (code byte, data []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > maxPacket {
		return 0, nil, errPacket
	}
	data, err = readBytes(r, (*buf)[:0], int(n))
	if err != nil {
		return 0, nil, err
	}
	*buf = data
	return data[0], data[1:], nil
}

// readBytes appends n bytes to data. It takes memory for what has come, not for
// what was promised.
func readBytes(r io.Reader, data []byte, n int) ([]byte, error) {
	for n > 0 {
		step := min(n, max(4<<10, len(data), cap(data)-len(data)))
		data = slices.Grow(data, step)[:len(data)+step]
		if _, err := io.ReadFull(r, data[len(data)-step:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		n -= step
	}
	return data, nil
}

func writePacket(w *bufio.Writer, code byte, data ...[]byte) error {
	n := 1
	for _, d := range data {
		n += len(d)
	}
	w.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
	w.WriteByte(code)
	for _, d := range data {
		w.Write(d)
	}
	return w.Flush()
}

// cString cuts a string at its NUL; without one all is the string.
func cString(b []byte) (s string, rest []byte) {
	head, rest, _ := bytes.Cut(b, []byte{0})
	return string(head), rest
}

// z is a string with its NUL; NULs within are left out.
func z(s string) []byte {
	return append(bytes.ReplaceAll([]byte(s), []byte{0}, nil), 0)
}
