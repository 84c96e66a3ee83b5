package workload

import (
	"fmt"
	"math/rand/v2"
)

// Makers makes each message of the workload, so that a benchmark holds only the
// one that it measures.
var Makers = []struct {
	Name string
	Make func() *Mail
}{
	{"small", Small},
	{"alternative", Alternative},
	{"attachment-1MiB", func() *Mail { return Attachment("attachment-1MiB", 1<<20) }},
	{"attachment-25MiB", func() *Mail { return Attachment("attachment-25MiB", 25<<20) }},
	{"nested-zips", NestedZips},
	{"many-parts", ManyParts},
	{"many-files", ManyFiles},
	{"forwarded", Forwarded},
}

// Small is 2 KiB of plain text.
func Small() *Mail {
	return newMail("small", body("text/plain; charset=us-ascii", Identity, text(newRand(1), 2<<10)))
}

// Alternative is what most people send: text and HTML, and an inline picture.
func Alternative() *Mail { return newMail("alternative", letter(newRand(2))) }

func letter(r *rand.Rand) part {
	pic := attach(file{name: "logo.png", mediaType: "image/png", data: picture(r, 96, 32)})
	pic.inline, pic.cid = true, "logo@example.net"
	return multi("related",
		multi("alternative",
			body("text/plain; charset=utf-8", QuotedPrintable, umlauts(r, 3<<10)),
			body("text/html; charset=utf-8", QuotedPrintable, html(r, 8<<10, pic.cid))),
		pic)
}

// Attachment is a short text with a document of n bytes.
func Attachment(name string, n int) *Mail {
	r := newRand(3)
	return newMail(name, multi("mixed",
		body("text/plain; charset=us-ascii", Identity, text(r, 600)),
		attach(file{name: "recording.mp4", mediaType: "video/mp4", data: recording(r, n)})))
}

// NestedZips is a zip in a zip in a zip, with text and programs in each.
func NestedZips() *Mail {
	r := newRand(4)
	level := func(n int) []file {
		return []file{
			{name: fmt.Sprintf("readme%d.txt", n), data: text(r, 256<<10)},
			{name: fmt.Sprintf("setup%d.exe", n), data: program(r, 512<<10)},
		}
	}
	inmost := zipped("c.zip", level(3)...)
	middle := zipped("b.zip", append(level(2), inmost)...)
	outer := zipped("a.zip", append(level(1), middle)...)
	return newMail("nested-zips", multi("mixed",
		body("text/plain; charset=us-ascii", Identity, text(r, 600)), attach(outer)))
}

// ManyParts is a message of 500 parts of 1 KiB.
func ManyParts() *Mail {
	r := newRand(5)
	parts := make([]part, 500)
	for i := range parts {
		if i%2 == 0 {
			parts[i] = body("text/plain; charset=us-ascii", Identity, text(r, 1<<10))
			continue
		}
		data := make([]byte, 1<<10)
		noise(r, data)
		parts[i] = attach(file{name: fmt.Sprintf("data%03d.bin", i), mediaType: "application/octet-stream", data: data})
	}
	return newMail("many-parts", multi("mixed", parts...))
}

// ManyFiles is a zip of 1,000 files of 1 to 4 KiB.
func ManyFiles() *Mail {
	r := newRand(6)
	files := make([]file, 1000)
	for i := range files {
		files[i] = file{name: fmt.Sprintf("src/%02d/file%03d.txt", i/50, i), data: text(r, 1<<10+r.IntN(3<<10))}
	}
	return newMail("many-files", multi("mixed",
		body("text/plain; charset=us-ascii", Identity, text(r, 600)), attach(zipped("src.zip", files...))))
}

// Forwarded is a letter with a zipped program, attached to another message in
// base64. RFC 2046 section 5.2.1 forbids that encoding, and clients send it.
func Forwarded() *Mail {
	r := newRand(7)
	original := forwarded("original", multi("mixed",
		letter(r), attach(zipped("tool.zip", file{name: "tool.exe", data: program(r, 256<<10)}))))
	return newMail("forwarded", multi("mixed",
		body("text/plain; charset=us-ascii", Identity, text(r, 600)), attach(original)))
}
