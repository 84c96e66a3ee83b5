package applefile

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Magic numbers of AppleSingle and AppleDouble (RFC 1740 appendix A and B).
const (
	single = "\x00\x05\x16\x00"
	double = "\x00\x05\x16\x07"
)

// Identifiers of entries.
const (
	appleData     = 1
	appleResource = 2
	appleName     = 3
)

// Lengths in bytes.
const (
	appleHead     = 26
	appleEntry    = 12
	appleSmall    = 1 << 10 // what is neither a fork nor bigger describes the file
	macBinaryHead = 128
)

// appleBlank is in the resource fork that macOS writes where a file has none.
const appleBlank = "This resource fork intentionally left blank"

// fork is a part of a Macintosh file.
type fork struct {
	kind  uint32
	at, n int64
}

// Format is how an AppleSingle, AppleDouble or MacBinary file is found and opened.
var Format = &level.Format{Name: "applefile", Detect: detect, Open: open}

func detect(p *level.Probe) bool { return isApple(p.Head) || isMacBinary(p.Head, p.Size) }

func isApple(head []byte) bool {
	return len(head) >= appleHead && (string(head[:4]) == single || string(head[:4]) == double)
}

// open opens a file whose forks and attributes mail programs of the Macintosh
// put into one: AppleSingle, AppleDouble (which lacks the data fork) or MacBinary.
func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, macBinaryHead, size, macBinaryHead)
	if err != nil {
		return nil, err
	}
	s := &level.Steps{}
	switch {
	case isApple(head):
		f := input.NewFields(src, size)
		f.Skip(appleHead - 2)
		count := int(binary.BigEndian.Uint16(f.Next(2)))
		s.Then(func() error { return entries(s, f, count, l.NameBytes) })
	case isMacBinary(head, size):
		s.Then(func() error { return macForks(s, src, size, head, l.NameBytes) })
	default:
		return nil, level.ErrFormat
	}
	return s, nil
}

// entries reads the list of entries.
func entries(s *level.Steps, f *input.Fields, count, maxName int) error {
	var forks []fork
	name := ""
	for range count {
		if f.Left() < appleEntry {
			s.Note(anomaly.Truncated)
			break
		}
		b := f.Next(appleEntry)
		e := fork{binary.BigEndian.Uint32(b), int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b[8:]))}
		if e.kind != appleName {
			forks = append(forks, e)
			continue
		}
		raw, err := saferead.UpTo(f.Src, e.at, e.n, f.Size, maxName)
		if err != nil {
			return err
		}
		name = text.DecodeANSI(raw, text.CodePage(0))
	}
	yieldForks(s, f.Src, f.Size, forks, name, maxName)
	return f.Err
}

// yieldForks yields what a file is made of.
func yieldForks(s *level.Steps, src io.ReaderAt, size int64, forks []fork, name string, maxName int) {
	for _, e := range forks {
		body := saferead.Section(src, e.at, e.n, size)
		if body.Size() == 0 || e.kind != appleData && e.kind != appleResource && e.n < appleSmall {
			continue
		}
		if e.kind == appleResource && e.n < appleSmall {
			// An error shows when the body is read.
			if b, _ := saferead.UpTo(body, 0, e.n, body.Size(), appleSmall); bytes.Contains(b, []byte(appleBlank)) {
				continue
			}
		}
		m := &level.Member{Method: "stored", Size: e.n}
		switch {
		case e.kind == appleData && name != "":
			level.AddName(m, name, maxName)
		case e.kind == appleResource:
			level.AddName(m, name+"/rsrc", maxName)
		}
		if e.n > body.Size() {
			level.Note(m, anomaly.Truncated)
		}
		s.Yield(m, body)
	}
}

// isMacBinary knows a MacBinary file. It has no magic number: the fixed zeros, a
// name, lengths that fit and, from version 2 on, a checksum must do.
func isMacBinary(h []byte, size int64) bool {
	if len(h) < macBinaryHead || h[0] != 0 || h[1] == 0 || h[1] > 63 || h[74] != 0 || h[82] != 0 {
		return false
	}
	for _, c := range h[2 : 2+h[1]] {
		if c < ' ' {
			return false
		}
	}
	data, resource := int64(binary.BigEndian.Uint32(h[83:])), int64(binary.BigEndian.Uint32(h[87:]))
	if data+resource == 0 || macBinaryHead+data+resource > size {
		return false
	}
	if crc16XModem(h[:124]) == binary.BigEndian.Uint16(h[124:]) && h[122] >= 128 {
		return true
	}
	return len(bytes.Trim(h[99:128], "\x00")) == 0 && len(bytes.Trim(h[65:69], "\x00")) == 4
}

// crc16XModem is the checksum of MacBinary II: polynomial 0x1021, highest bit first.
func crc16XModem(b []byte) (sum uint16) {
	for _, c := range b {
		sum ^= uint16(c) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// macForks finds the forks of a MacBinary file: behind the head and what extends
// it, each padded to 128 bytes.
func macForks(s *level.Steps, src io.ReaderAt, size int64, h []byte, maxName int) error {
	pad := func(n int64) int64 { return (n + macBinaryHead - 1) &^ (macBinaryHead - 1) }
	data, resource := int64(binary.BigEndian.Uint32(h[83:])), int64(binary.BigEndian.Uint32(h[87:]))
	at := macBinaryHead + pad(int64(binary.BigEndian.Uint16(h[120:])))
	name := text.DecodeANSI(h[2:2+h[1]], text.CodePage(0))
	yieldForks(s, src, size, []fork{{appleData, at, data}, {appleResource, at + pad(data), resource}}, name, maxName)
	return nil
}
