package workload

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strings"
	"sync"
)

// newRand returns the source of one message's content: PCG, whose output the
// standard library promises to keep.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5505)) }

// vocabulary is the list of words that texts are made of.
var vocabulary = sync.OnceValue(func() []string {
	r := newRand(0)
	syllables := strings.Fields("an be ce de er fi go ha in ka lo mu no os pe qua re si ta um ve wi xo yl zu st en on ti al")
	list := make([]string, 3000)
	for i := range list {
		for range 1 + r.IntN(4) {
			list[i] += syllables[r.IntN(len(syllables))]
		}
	}
	return list
})

// words returns a source of words that come as often as words of a language do,
// so that text compresses as text does, about three to one.
func words(r *rand.Rand) func() string {
	list := vocabulary()
	zipf := rand.NewZipf(r, 1.1, 2, uint64(len(list)-1))
	return func() string { return list[zipf.Uint64()] }
}

// text returns n bytes of words in lines of at most 72 characters that end in
// CRLF, the last one too.
func text(r *rand.Rand, n int) []byte {
	next := words(r)
	b := make([]byte, 0, n+80)
	for col := 0; len(b) < n; {
		w := next()
		if col+len(w) > 70 {
			b = append(b, "\r\n"...)
			col = 0
		}
		b = append(append(b, w...), ' ')
		col += len(w) + 1
	}
	b = b[:max(2, n)]
	copy(b[len(b)-2:], "\r\n")
	if len(b) > 2 && b[len(b)-3] == '\r' { // the cut fell into a line end
		b[len(b)-3] = ' '
	}
	return b
}

// umlauts returns text in UTF-8 with what quoted-printable has to escape.
func umlauts(r *rand.Rand, n int) []byte {
	b := text(r, n)
	b = bytes.ReplaceAll(b, []byte("qua"), []byte("qü"))
	return bytes.ReplaceAll(b, []byte("zu "), []byte("= "))
}

// html returns about n bytes of a page that shows the picture cid.
func html(r *rand.Rand, n int, cid string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"><title>x</title></head>\r\n<body>\r\n<img src=\"cid:%s\" alt=\"\">\r\n", cid)
	for line := range bytes.Lines(umlauts(r, n)) {
		fmt.Fprintf(&b, "<p style=\"margin:0\">%s</p>\r\n", bytes.TrimSpace(line))
	}
	b.WriteString("</body></html>\r\n")
	return b.Bytes()
}

// picture returns a PNG of w by h pixels, noisy enough that it is not trivial.
func picture(r *rand.Rand, w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x + r.IntN(8)), uint8(y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return b.Bytes()
}

// noise fills b with what does not compress.
func noise(r *rand.Rand, b []byte) {
	var word [8]byte
	for len(b) > 0 {
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		b = b[copy(b, word[:]):]
	}
}

// recording returns n bytes in the form of an MP4 file: a head, and one box of
// what is compressed already (ISO/IEC 14496-12).
func recording(r *rand.Rand, n int) []byte {
	b := make([]byte, 0, n)
	b = append(b, "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"...)
	b = binary.BigEndian.AppendUint32(b, uint32(n-len(b)))
	b = append(b, "mdat"...)
	noise(r, b[len(b):n])
	return b[:n]
}

// program returns n bytes in the form of a Windows program that runs nowhere:
// its headers are there, its code is drawn from few instructions with repeats,
// so that it compresses as code does, about two to one.
func program(r *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+16)
	b = append(b, "MZ\x90\x00\x03"...)
	b = append(b, make([]byte, 0x3c-len(b))...)
	b = binary.LittleEndian.AppendUint32(b, 0x80)
	b = append(b, make([]byte, 0x80-len(b))...)
	b = append(b, "PE\x00\x00\x64\x86\x01\x00"...) // x86-64, one section
	b = append(b, make([]byte, 0x200-len(b))...)
	binary.LittleEndian.PutUint16(b[0x94:], 0xF0)  // bytes of the optional header
	binary.LittleEndian.PutUint16(b[0x98:], 0x20B) // PE32+
	copy(b[0x188:], ".text")
	binary.LittleEndian.PutUint32(b[0x188+16:], uint32(n-0x200)) // the section fills the file
	binary.LittleEndian.PutUint32(b[0x188+20:], 0x200)
	codes := make([][]byte, 400)
	for i := range codes {
		codes[i] = make([]byte, 2+r.IntN(5))
		noise(r, codes[i])
	}
	zipf := rand.NewZipf(r, 1.05, 4, uint64(len(codes)-1))
	for len(b) < n {
		b = append(b, codes[zipf.Uint64()]...)
		if r.IntN(3) == 0 { // an operand
			b = append(b, byte(r.Uint32()), byte(r.Uint32()), 0, 0)
		}
	}
	return b[:n]
}
