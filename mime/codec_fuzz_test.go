package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"runtime"
	"strings"
	"testing"
	"time"
)

// forkSizes is sizes for readings that branch off too.
type forkSizes struct{ sizes }

func (s *forkSizes) Begin(*Entity) io.Writer     { s.begun++; return s }
func (s *forkSizes) Fork(_, _ *Entity) io.Writer { return s.Begin(nil) }

// fuzzBodies checks what must hold for any body after the header given: time,
// allocations and output within bounds, and that pieces do not matter. It returns
// what was read.
func fuzzBodies(t *testing.T, head string, body []byte) *recorder {
	msg := append([]byte(head), body...)
	l := Limits{HeaderBytes: 512, Entities: 64, Depth: 4, Readings: 3}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	var s forkSizes
	if err := Walk(bytes.NewReader(msg), &s, l); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+64*len(msg)); used > most {
		t.Fatalf("%d bytes allocated for %d of input", used, len(msg))
	}
	if took > 2*time.Second {
		t.Errorf("took %v for %d bytes", took, len(msg))
	}
	if s.begun != s.ended {
		t.Errorf("%d Begin, %d End", s.begun, s.ended)
	}
	if most := int64(len(msg)) * 96 * 16; s.bytes > most {
		t.Errorf("%d bytes from %d", s.bytes, len(msg))
	}
	whole := walkPieces(t, msg, len(msg), l)
	if len(body) > 8<<10 || s.begun >= l.Entities {
		return whole
	}
	for _, size := range []int{1, 7} {
		if pieces := walkPieces(t, msg, size, l); whole.sorted() != pieces.sorted() {
			t.Errorf("pieces of %d differ\nwhole:\n%spieces:\n%s", size, whole, pieces)
		}
	}
	return whole
}

func (r *recorder) reading(label string) *record {
	for _, rec := range r.all {
		if rec.e.Reading == label {
			return rec
		}
	}
	return nil
}

const binaryHead = "Content-Type: application/octet-stream\nContent-Transfer-Encoding: "

func FuzzBase64(f *testing.F) {
	for _, s := range []string{"QUJD", "QQ==", "QUI=\r\nQUJD", "QQ=QUJD", "QUJD=REVG", "Q-_Q", "hello there\nQUJD\n-- \nlist", "QUJD====", "Q=Q=Q=", "QU\x00JD\r"} {
		f.Add([]byte(s))
	}
	f.Add(base64Lines(randomBytes(2000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := fuzzBodies(t, binaryHead+"base64\n\n", body)
		want, err := base64.StdEncoding.DecodeString(string(body))
		if main := r.reading(""); err == nil && (main == nil || !bytes.Equal(main.body.Bytes(), want) || len(r.all) != 1 || len(main.e.Anomalies) > 0) {
			t.Errorf("well-formed %q: want %q, got %s", body, want, r)
		}
		enc := base64Lines(body)
		r = fuzzBodies(t, binaryHead+"base64\n\n", enc)
		if len(r.all) != 1 || !bytes.Equal(r.all[0].body.Bytes(), body) || len(r.all[0].e.Anomalies) > 0 {
			t.Errorf("encoded %q: %s", enc, r)
		}
	})
}

func FuzzQuotedPrintable(f *testing.F) {
	for _, s := range []string{"a=3D=\r\nb \t\r\n", "a==3D=41", "= \t\n=4=41", "x\n=\rb=0D\n", "a\x00b", "ab=", "ab= ", "=4", "a \r\r\n", "=0D=0A=0d"} {
		f.Add([]byte(s))
	}
	f.Add(qpEncode(randomBytes(1000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := fuzzBodies(t, binaryHead+"quoted-printable\n\n", body)
		// The standard library's reader deletes blanks before line ends, and takes
		// lone CRs and NULs for what they are.
		want, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		if err == nil && !bytes.ContainsAny(body, "\r\x00") && len(body) < 200 {
			got := false
			for _, rec := range r.all {
				b := strings.ReplaceAll(rec.body.String(), "\r\n", "\n")
				got = got || b == strings.ReplaceAll(string(want), "\r\n", "\n")
			}
			if !got && !bytes.ContainsAny(trimLines(body), "\t ") && !bytes.HasSuffix(body, []byte("=")) {
				t.Errorf("%q: want %q, got %s", body, want, r)
			}
		}
		var enc bytes.Buffer
		w := quotedprintable.NewWriter(&enc)
		w.Binary = true
		w.Write(body)
		w.Close()
		r = fuzzBodies(t, binaryHead+"quoted-printable\n\n", enc.Bytes())
		if len(r.all) != 1 || !bytes.Equal(r.all[0].body.Bytes(), body) || len(r.all[0].e.Anomalies) > 0 {
			t.Errorf("encoded %q: %s", enc.Bytes(), r)
		}
	})
}

// trimLines leaves of a body what stands before its last line end or its end.
func trimLines(body []byte) []byte {
	return body[max(0, len(body)-3):]
}

func FuzzUU(f *testing.F) {
	for _, s := range []string{"begin 644 a\n%:&5L;&\\\n`\nend\n", "#86)C\n#86)c\nend\n", "begin a\n_\n `\n#86)C\nEND--\n", "begin-base64 644 a\nQUJD\n====\n"} {
		f.Add([]byte(s))
	}
	f.Add([]byte("begin 644 x\n" + uuLines(randomBytes(500), uuChars)))
	f.Add([]byte("begin 644 x\n" + uuLines(randomBytes(500), xxChars)))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzBodies(t, binaryHead+"x-uuencode\n\n", body)
		fuzzBodies(t, binaryHead+"xxencode\n\n", body)
		fuzzBodies(t, "Subject: x\n\nbegin 644 a\n", body)
		enc := "begin 644 x\n" + uuLines(body, uuChars)
		for _, head := range []string{binaryHead + "x-uuencode\n\n", "Subject: x\n\n"} {
			r := fuzzBodies(t, head, []byte(enc))
			last := r.all[len(r.all)-1]
			for _, rec := range r.all {
				if rec.e.Encoding == "x-uuencode" {
					last = rec
					break
				}
			}
			if !bytes.Equal(last.body.Bytes(), body) || len(last.e.Anomalies) > 0 {
				t.Errorf("encoded %q: %s", enc, r)
			}
		}
	})
}

func FuzzYEnc(f *testing.F) {
	for _, s := range []string{yFileOf("a", []byte("hello")), "=ybegin line=1 size=1 name=\n=\n=yend", yPartOf("a", randomBytes(30), 1, 0, 10) + yPartOf("a", randomBytes(30), 2, 10, 30), "=ybegin part=1 size=9 name=a\n=ypart begin=1\nabc\n=yend size=3\n=ybegin part=2 size=9 name=a\n=ypart begin=4\n=ypart begin=4\nabc"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzBodies(t, binaryHead+"x-yencode\n\n", body)
		fuzzBodies(t, "Subject: x\n\n", body)
		for _, head := range []string{binaryHead + "x-yencode\n\n", "Subject: x\n\n"} {
			enc := yFileOf("x", body)
			r := fuzzBodies(t, head, []byte(enc))
			got := false
			for _, rec := range r.all {
				got = got || rec.e.Encoding == "x-yencode" && bytes.Equal(rec.body.Bytes(), body) && len(rec.e.Anomalies) == 0
			}
			if !got {
				t.Errorf("encoded %q: %s", enc, r)
			}
		}
	})
}

func FuzzBinHex(f *testing.F) {
	f.Add([]byte(binHexOf("a", []byte("hello"), []byte("resource"))))
	f.Add([]byte(":!!!!\n:"))
	f.Add([]byte("\n:#\"0KE@`5!\n:"))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzBodies(t, binaryHead+"binhex\n\n", body)
		fuzzBodies(t, "Subject: x\n\n(This file must be converted with BinHex 4.0)\n", body)
		half := len(body) / 2
		r := fuzzBodies(t, "Subject: x\n\n", []byte(binHexOf("x", body[:half], body[half:])))
		var got []byte
		for _, rec := range r.all {
			if rec.e.Kind == Carved {
				got = append(got, rec.body.Bytes()...)
				if len(rec.e.Anomalies) > 0 {
					t.Errorf("%v", rec.e.Anomalies)
				}
			}
		}
		if !bytes.Equal(got, body) {
			t.Errorf("want %q, got %s", body, r)
		}
	})
}

func FuzzArmor(f *testing.F) {
	for _, s := range []string{"QUJD\n-----END PKCS7-----\n", "A: b\n c\n\nQUJD\n=abcd\n-----END", "\n\nhello there\n", "=\n====\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, head := range []string{"-----BEGIN PKCS7-----\n", "-----BEGIN PGP MESSAGE-----\n", "begin-base64 644 a\n", "> -----BEGIN CMS-----\n"} {
			fuzzBodies(t, "Subject: x\n\n"+head, body)
		}
	})
}

// FuzzCarve mixes the formats: whatever stands before, a file after it is found.
func FuzzCarve(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	for _, s := range []string{yFileOf("a", []byte("hello")), binHexOf("a", []byte("hello"), nil), "begin 644 a\n%:&5L;&\\\n", "-----BEGIN PKCS7-----\nQUJD\n", "> begin 644 a\n> %:&5L;&\\\n"} {
		f.Add([]byte(s))
		f.Add([]byte(quoteLines(s, "> ")))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4<<10 {
			return
		}
		const planted = "begin 644 planted\n%:&5L;&\\\n`\nend\n"
		body := []byte(string(text) + "\n" + planted)
		if !HoldsFile(body) {
			t.Error("HoldsFile does not see the planted file")
		}
		r := fuzzBodies(t, "Subject: x\n\n", body)
		for _, rec := range r.all {
			if rec.e.MediaType == "message/rfc822" { // which runs to the end, and is walked by the caller
				return
			}
			if rec.e.Kind == Carved && rec.body.String() == "hello" {
				return
			}
		}
		t.Errorf("planted file not found: %s", r)
	})
}

// TestCodecPieces demands that long bodies, clean and odd, come out the same in
// pieces of any size, with what is held back at the edge of each.
func TestCodecPieces(t *testing.T) {
	junk := strings.Repeat("=", 40000)
	long := func(unit string) string { return strings.Repeat(unit, 70000/len(unit)) }
	for enc, bodies := range map[string][]string{
		"base64":           {string(base64Lines(randomBytes(60000))), long("QQ=="), long("QUJD"), long("Q!"), long("a b\n"), long("QUJDR-_\n")},
		"quoted-printable": {string(qpEncode(randomBytes(30000))), junk, long("=3D"), long("== "), long("a \t\r\n"), long("= \r\n"), long(" "), long("=0D\n"), long("\x00\n")},
		"x-uuencode":       {"begin 644 x\n" + uuLines(randomBytes(40000), uuChars), long("_\n"), long("#86)c\n"), long("M")},
		"x-yencode":        {yFileOf("x", randomBytes(40000)), "=ybegin line=9 size=9 name=x\n" + long("=="), yFileOf("x", bytes.Repeat([]byte{19}, 40000))},
		"binhex":           {binHexOf("x", randomBytes(40000), randomBytes(9)), ":" + long("!!*!"), binHexOf("x", bytes.Repeat([]byte{0x90}, 40000), nil)},
	} {
		for _, body := range bodies {
			msg := []byte(binaryHead + enc + "\n\n" + body)
			whole := walkPieces(t, msg, len(msg), Limits{})
			for _, size := range []int{1, 4095, 4096, chunk - 1, chunk, chunk + 1} {
				if pieces := walkPieces(t, msg, size, Limits{}); pieces.sorted() != whole.sorted() {
					t.Errorf("%s, %.30q, pieces of %d differ", enc, body, size)
				}
			}
		}
	}
}
