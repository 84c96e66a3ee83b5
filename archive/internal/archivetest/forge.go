package archivetest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"strings"
)

// Put writes fields, little-endian; a string as it is.
func Put(w *bytes.Buffer, fields ...any) {
	for _, f := range fields {
		if s, ok := f.(string); ok {
			w.WriteString(s)
			continue
		}
		binary.Write(w, binary.LittleEndian, f)
	}
}

// Pack compresses a body by a method of zip: deflate, or else it stays as it is.
func Pack(method uint16, body string) []byte {
	if method != 8 {
		return []byte(body)
	}
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write([]byte(body))
	w.Close()
	return b.Bytes()
}

// Payload is a body with the marker in it, which deflate changes beyond
// recognition.
var Payload = strings.Repeat("the marker follows ", 20) + Marker

// BitWriter writes the highest bit first.
type BitWriter struct {
	Out  []byte
	acc  uint64
	Bits int
}

// Put writes the low n bits of v.
func (w *BitWriter) Put(v uint64, n int) {
	for n--; n >= 0; n-- {
		w.acc = w.acc<<1 | v>>n&1
		if w.Bits++; w.Bits == 8 {
			w.Out = append(w.Out, byte(w.acc))
			w.acc, w.Bits = 0, 0
		}
	}
}

// Flush fills the last byte up and returns all of them.
func (w *BitWriter) Flush() []byte {
	for w.Bits != 0 {
		w.Put(0, 1)
	}
	return w.Out
}

// Forged is a container that breaks a rule, and from which some reader takes the payload all the same.
type Forged struct {
	Data    []byte
	Anomaly string
}

// LZXPlain is a frame of LZX with one stored block.
func LZXPlain(body string) []byte {
	var w BitWriter
	w.Put(0, 1) // no translation
	w.Put(3, 3)
	w.Put(uint64(len(body)), 24)
	raw := w.Flush()
	for len(raw)%2 != 0 {
		raw = append(raw, 0)
	}
	for i := 0; i < len(raw); i += 2 {
		raw[i], raw[i+1] = raw[i+1], raw[i]
	}
	for range 3 {
		raw = binary.LittleEndian.AppendUint32(raw, 1)
	}
	return append(raw, body...)
}

// LEName is an ASCII name in UTF-16, little-endian.
func LEName(s string) (w []byte) {
	for _, c := range []byte(s) {
		w = append(w, c, 0)
	}
	return w
}
