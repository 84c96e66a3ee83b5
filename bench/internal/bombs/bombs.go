// Package bombs makes messages that are meant to cost a scanner as much as they can: in
// time, in memory, or in the number of things to look at. All of them are made from
// nothing but constants and a seed.
//
// The archives are forged by this package alone: the compressors of the field make
// no streams that only cost time.
package bombs

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Bomb is one message.
type Bomb struct {
	Name string
	Make func() ([]byte, error) // the message; an error if a tool is missing
}

// fileBytes is about how large an attachment is at most: 36 MiB are 49 MiB in base64,
// what mail servers let pass by default or by habit.
const fileBytes = 36 << 20

// attached is a bomb that is one file.
func attached(name, file string, make func() []byte) Bomb {
	return Bomb{name, func() ([]byte, error) { return mail("the file that you asked for", file, make()), nil }}
}

// mail is a message with a text and an attachment in base64.
func mail(text, name string, data []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(data)*4/3 + len(data)/38 + len(text) + 1024)
	fmt.Fprintf(&b, "From: a@example.com\r\nTo: b@example.com\r\nSubject: files\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n")
	fmt.Fprintf(&b, "--xyz\r\nContent-Type: text/plain\r\n\r\n%s\r\n", text)
	fmt.Fprintf(&b, "--xyz\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n", name)
	var line [78]byte
	for ; len(data) > 0; data = data[min(57, len(data)):] {
		n := min(57, len(data))
		base64.StdEncoding.Encode(line[:], data[:n])
		end := base64.StdEncoding.EncodedLen(n)
		line[end], line[end+1] = '\r', '\n'
		b.Write(line[:end+2])
	}
	b.WriteString("--xyz--\r\n")
	return b.Bytes()
}

// noise is n bytes from a seed.
func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	src := rand.NewPCG(seed, 5)
	i := 0
	for ; i+8 <= n; i += 8 {
		v := src.Uint64()
		for k := range 8 {
			b[i+k] = byte(v >> (8 * k))
		}
	}
	for v := src.Uint64(); i < n; i++ {
		b[i] = byte(v)
		v >>= 8
	}
	return b
}

// fill repeats a unit up to about n bytes.
func fill(unit []byte, n int) []byte { return bytes.Repeat(unit, max(1, n/len(unit))) }

// All are the bombs, by format.
var All = slices.Concat(plain, streams, zips, rars, sevens, cabs, unixes, volumes, wims, installers, apples, oldarcs, oles, documents, texts, mails)

// plain cost nothing beyond their size: what the others are held against.
var plain = []Bomb{
	{"none", func() ([]byte, error) { return mail("text", "small.bin", noise(1000, 1)), nil }},
	attached("plain-noise", "noise.bin", func() []byte { return noise(fileBytes, 1) }),
	attached("plain-zeros", "zeros.bin", func() []byte { return make([]byte, fileBytes) }),
	attached("plain-text", "text.txt", func() []byte { return fill([]byte("some words of a text that goes on\r\n"), fileBytes) }),
}
