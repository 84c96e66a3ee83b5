package mime

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

// uuLines uuencodes b with an alphabet: ' ' is the first character of uuencode's.
func uuLines(b []byte, alphabet string) string {
	var out strings.Builder
	for len(b) > 0 {
		n := min(45, len(b))
		out.WriteByte(alphabet[n])
		for i := 0; i < n; i += 3 {
			var g [3]byte
			copy(g[:], b[i:n])
			v := uint32(g[0])<<16 | uint32(g[1])<<8 | uint32(g[2])
			for k := range 4 {
				out.WriteByte(alphabet[v>>(18-6*k)&63])
			}
		}
		out.WriteByte('\n')
		b = b[n:]
	}
	return out.String() + string(alphabet[0]) + "\nend\n"
}

const (
	uuChars = "`!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
	xxChars = "+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// yEncode encodes b in lines.
func yEncode(b []byte, width int) string {
	var out strings.Builder
	col := 0
	for _, c := range b {
		c += 42
		if c == 0 || c == '\n' || c == '\r' || c == '=' || (c == '.' || c == ' ' || c == '\t') && col == 0 {
			out.WriteByte('=')
			c += 64
		}
		out.WriteByte(c)
		if col++; col == width {
			out.WriteByte('\n')
			col = 0
		}
	}
	if col > 0 {
		out.WriteByte('\n')
	}
	return out.String()
}

func yFileOf(name string, b []byte) string {
	return fmt.Sprintf("=ybegin line=128 size=%d name=%s\n%s=yend size=%d crc32=%08x\n", len(b), name, yEncode(b, 128), len(b), crc32.ChecksumIEEE(b))
}

func yPartOf(name string, b []byte, part, from, to int) string {
	p := b[from:to]
	return fmt.Sprintf("=ybegin part=%d total=3 line=128 size=%d name=%s\n=ypart begin=%d end=%d\n%s=yend size=%d part=%d pcrc32=%08x\n",
		part, len(b), name, from+1, to, yEncode(p, 128), len(p), part, crc32.ChecksumIEEE(p))
}

// crcHQX is BinHex's checksum, bit by bit.
func crcHQX(b []byte) uint16 {
	var crc uint16
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// binHexOf encodes a file in BinHex 4.0.
func binHexOf(name string, data, rsrc []byte) string {
	sum := func(b []byte) []byte { c := crcHQX(b); return append(b, byte(c>>8), byte(c)) }
	head := append([]byte{byte(len(name))}, name...)
	head = append(head, 0)
	head = append(head, "TEXTttxt\x00\x00"...)
	for _, n := range []int{len(data), len(rsrc)} {
		head = append(head, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	all := sum(head)
	all = append(all, sum(bytes.Clone(data))...)
	all = append(all, sum(bytes.Clone(rsrc))...)
	var packed []byte
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && n < 255 && all[i+n] == all[i] {
			n++
		}
		c := []byte{all[i]}
		if all[i] == 0x90 {
			c = []byte{0x90, 0}
		}
		if n > 3 {
			packed = append(append(packed, c...), 0x90, byte(n))
		} else {
			packed = append(packed, bytes.Repeat(c, n)...)
		}
		i += n
	}
	var out strings.Builder
	col := 1
	out.WriteByte(':')
	var v, bits int
	put := func(k int) {
		out.WriteByte(binHexAlphabet[k])
		if col++; col == 64 {
			out.WriteByte('\n')
			col = 0
		}
	}
	for _, c := range packed {
		v, bits = v<<8|int(c), bits+8
		for bits >= 6 {
			bits -= 6
			put(v >> bits & 63)
		}
	}
	if bits > 0 {
		put(v << (6 - bits) & 63)
	}
	return "(This file must be converted with BinHex 4.0)\n\n" + out.String() + ":\n"
}

// carvedFrom walks a text with each line end and returns what was carved from it.
func carvedFrom(t testing.TB, text string) []*record {
	t.Helper()
	var first []*record
	for _, eol := range []string{"\n", "\r\n", "\r"} {
		r := walkAll(t, strings.ReplaceAll("Subject: x\n\n"+text, "\n", eol), Limits{})
		var files []*record
		for _, rec := range r.all {
			if rec.e.Kind == Carved {
				files = append(files, rec)
			}
		}
		if first == nil {
			first = files
			continue
		}
		if len(files) != len(first) {
			t.Fatalf("%d files with LF, %d with %q:\n%s", len(first), len(files), eol, r)
		}
		for i := range files {
			if files[i].e.MediaType != "message/rfc822" && !bytes.Equal(files[i].body.Bytes(), first[i].body.Bytes()) {
				t.Errorf("file %d with LF %q, with %q %q", i, first[i].body.Bytes(), eol, files[i].body.Bytes())
			}
		}
	}
	return first
}

func quoteLines(s, quote string) string {
	return quote + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+quote) + "\n"
}

// TestCarved plants a file in a text, in each format, and demands its bytes and
// name, and nothing else: these are honest files.
func TestCarved(t *testing.T) {
	for _, n := range []int{1, 2, 3, 44, 45, 46, 1000, 5000} {
		data := randomBytes(n)
		if n == 1000 {
			copy(data[300:], bytes.Repeat([]byte{0x90}, 300))
		}
		pem := "-----BEGIN PKCS7-----\n" + strings.ReplaceAll(string(base64Lines(data)), "\r", "") + "-----END PKCS7-----\n"
		for format, text := range map[string]string{
			"uuencode":     "begin 644 a b.exe\n" + uuLines(data, uuChars),
			"uuencode ' '": "begin 0644 a b.exe\n" + uuLines(data, " "+uuChars[1:]),
			"xxencode":     "begin 644 a b.exe\n" + uuLines(data, xxChars),
			"yenc":         yFileOf("a b.exe", data),
			"binhex":       binHexOf("a b.exe", data, nil),
			"uuencode -m":  "begin-base64 644 a b.exe\n" + strings.ReplaceAll(string(base64Lines(data)), "\r", "") + "====\n",
			"uuencode -me": "begin-base64-encoded 644 " + base64.StdEncoding.EncodeToString([]byte("a b.exe")) + "\n" + strings.ReplaceAll(string(base64Lines(data)), "\r", "") + "====\n",
			"pem":          pem,
		} {
			for where, text := range map[string]string{
				"alone":   text,
				"in text": "Dear friends,\n\nhere it is:\n" + text + "\nRegards\n",
				"quoted":  "He wrote:\n" + quoteLines(text, "> ") + "ok\n",
				"twice":   quoteLines(text, ">> "),
			} {
				files := carvedFrom(t, text)
				if format == "xxencode" && n < 45 && len(files) == 2 { // a short file may be either
					files = files[1:]
				}
				if len(files) != 1 {
					t.Errorf("%s of %d, %s: %d files", format, n, where, len(files))
					continue
				}
				f := files[0]
				if !bytes.Equal(f.body.Bytes(), data) {
					t.Errorf("%s of %d, %s: got %.200q", format, n, where, f.body.Bytes())
				}
				if format != "pem" && (len(f.e.Names) != 1 || f.e.Names[0].Value != "a b.exe" || f.e.Names[0].Source != FromContent) {
					t.Errorf("%s of %d, %s: names %v", format, n, where, f.e.Names)
				}
				if len(f.e.Anomalies) > 0 || f.e.Fault != nil {
					t.Errorf("%s of %d, %s: %v %v", format, n, where, f.e.Anomalies, f.e.Fault)
				}
			}
		}
	}
}

// TestCarveHonest demands that texts which only speak of files stay texts.
func TestCarveHonest(t *testing.T) {
	for _, text := range []string{
		"begin with a line\nend\n",
		"begin 644\n",
		"In yEnc a file starts with =ybegin line=128.\n",
		"It says (This file must be converted with BinHex 4.0)\n",
		"(This file must be converted with BinHex 4.0)\nbut there is none.\n",
		"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n",
		"-----BEGIN\n",
		"> begin quoting\n> end\n",
	} {
		if files := carvedFrom(t, text); len(files) > 0 {
			t.Errorf("%q: %q", text, files[0].body.Bytes())
		}
	}
}

func TestUUReadings(t *testing.T) {
	type m = map[string]string
	hello := "%:&5L;&\\\n`\nend\n"
	for _, c := range []struct {
		body string
		want m
	}{
		{"begin 644 a\n" + hello, m{"": "hello"}},
		{hello, m{"": "hello"}},
		{"begin 644 a\n%:&5L;&\\\n", m{"": "hello"}},
		{"begin a\n" + hello, m{"": "hello"}},
		{"begin 644 a\n" + hello + "begin 644 b\n#86)C\n`\nend\n", m{"": "hello", "uu=next": "abc"}},
		// A line outside the alphabet: Thunderbird takes six bits of each byte.
		{"begin 644 a\n#86)c\n`\nend\n", m{"": "", "uu=every-line": "abC"}},
		{"begin 644 a\n#86)C\nHi\n`\nend\n", m{"": "abc", "uu=every-line": "abc" + "\x00" + strings.Repeat("\x00", 39)}},
		// Blanks at the end of a line were lost.
		{"begin 644 a\n#  \n`\nend\n", m{"": "\x00\x00\x00"}},
		{"begin 644 a\n&86)C9\n`\nend\n", m{"": "abcd\x00\x00", "uu=every-line": "abc\x00\x00\x00"}},
		// Data after a line of no bytes.
		{"begin 644 a\n#86)C\n`\n#86)C\nend\n", m{"": "abcabc", "uu=zero-ends": "abc"}},
	} {
		wantReadings(t, "x-uuencode", c.body, c.want)
	}
	if got := readingsOf(t, "xxencode", "begin 644 a\n"+uuLines([]byte("hello"), xxChars)); got[""] != "hello" || len(got) != 1 {
		t.Errorf("xxencode: %q", got)
	}
}

func TestCarvedUUReadings(t *testing.T) {
	files := carvedFrom(t, "begin 644 a\n#86)C\nEND---- cut here\nbye\n")
	var all []string
	for _, f := range files {
		all = append(all, f.e.Reading+":"+f.body.String())
	}
	if len(all) < 2 || all[1] != "uu=end-prefix:abc" {
		t.Errorf("%q", all)
	}
}

func TestYEncBody(t *testing.T) {
	data := randomBytes(3000)
	got := readingsOf(t, "x-yencode", "some text\n"+yFileOf("a.exe", data)+"more\n")
	if got[""] != string(data) || len(got) != 1 {
		t.Errorf("got %d readings, %.100q", len(got), got[""])
	}
	r := walkAll(t, "Content-Transfer-Encoding: yenc\n\n"+yFileOf("a.exe", data)+yFileOf("b.exe", data[:10]), Limits{})
	first, next := r.reading("cte=x-yencode"), r.reading("cte=x-yencode,yenc=next")
	if first.e.Names[0].Value != "a.exe" || next.e.Names[0].Value != "b.exe" || first.body.String() != string(data) || next.body.String() != string(data[:10]) {
		t.Errorf("%.1000s", r)
	}
	r = walkAll(t, "Content-Transfer-Encoding: yenc\n\nhello\n", Limits{})
	if first := r.reading("cte=x-yencode"); !errors.Is(first.e.Fault, ErrMalformed) || r.reading("cte=7bit").body.String() != "hello\n" {
		t.Errorf("%s", r)
	}
}

func TestYEncOdd(t *testing.T) {
	data := randomBytes(300)
	good := yFileOf("a", data)
	for _, c := range []struct {
		name, text, anomaly string
	}{
		{"checksum", strings.Replace(good, "crc32=", "crc32=1", 1), AnomalyChecksum},
		{"size", strings.Replace(good, "=yend size=300", "=yend size=299", 1), AnomalyBadYEnc},
		{"cut", good[:strings.Index(good, "=yend")], AnomalyBadYEnc},
	} {
		files := carvedFrom(t, c.text)
		if len(files) != 1 || !bytes.Equal(files[0].body.Bytes(), data) || len(files[0].e.Anomalies) != 1 || files[0].e.Anomalies[0] != c.anomaly {
			t.Errorf("%s: %d files, %v", c.name, len(files), files[0].e.Anomalies)
		}
	}
	// One long line.
	files := carvedFrom(t, fmt.Sprintf("=ybegin line=99999 size=%d name=a\n%s=yend size=%d\n", 20000, yEncode(randomBytes(20000), 1<<20), 20000))
	if len(files) != 1 || !bytes.Equal(files[0].body.Bytes(), randomBytes(20000)) || len(files[0].e.Anomalies) > 0 {
		t.Errorf("long line: %d files", len(files))
	}
}

// TestYEncParts demands that parts of one file which follow each other are joined.
func TestYEncParts(t *testing.T) {
	data := randomBytes(1000)
	one, two, three := yPartOf("a", data, 1, 0, 400), yPartOf("a", data, 2, 400, 700), yPartOf("a", data, 3, 700, 1000)
	bodies := func(files []*record) (all []string) {
		for _, f := range files {
			all = append(all, f.body.String())
		}
		return all
	}
	has := func(files []*record, body []byte) *record {
		for _, f := range files {
			if bytes.Equal(f.body.Bytes(), body) {
				return f
			}
		}
		return nil
	}
	files := carvedFrom(t, one+"\n"+two+"\n"+three)
	whole := has(files, data)
	if whole == nil || whole.e.Fault != nil || has(files, data[:400]) == nil || has(files, data[400:700]) == nil || has(files, data[700:]) == nil {
		t.Fatalf("joined: %q", bodies(files))
	}
	files = carvedFrom(t, two)
	if f := has(files, data[400:700]); f == nil || !errors.Is(f.e.Fault, ErrUnsupported) || f.e.Anomalies[0] != AnomalyYEncPart {
		t.Errorf("second part only: %q", bodies(files))
	}
	files = carvedFrom(t, one+three)
	if f := has(files, data[:400]); f == nil || !errors.Is(f.e.Fault, ErrUnsupported) || has(files, data) != nil {
		t.Errorf("second part missing: %q", bodies(files))
	}
	// In different parts of one message.
	r := walkAll(t, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n"+one+"\n--b\n\n"+two+three+"\n--b--\n", Limits{})
	if has(r.all, data) == nil {
		t.Errorf("in parts of one message:\n%s", r)
	}
}

func TestBinHexForks(t *testing.T) {
	data, rsrc := randomBytes(700), bytes.Repeat([]byte{1, 2, 2, 2, 2, 0x90, 0x90}, 100)
	for _, c := range []struct{ data, rsrc []byte }{{data, rsrc}, {nil, rsrc}, {data, nil}} {
		files := carvedFrom(t, binHexOf("x", c.data, c.rsrc))
		var want [][]byte
		for _, b := range [][]byte{c.data, c.rsrc} {
			if len(b) > 0 {
				want = append(want, b)
			}
		}
		if len(files) != len(want) {
			t.Fatalf("%d files", len(files))
		}
		for i, f := range files {
			if !bytes.Equal(f.body.Bytes(), want[i]) || len(f.e.Anomalies) > 0 || f.e.Names[0].Value != "x" {
				t.Errorf("fork %d: %v", i, f.e)
			}
		}
	}
	r := walkAll(t, "Content-Transfer-Encoding: binhex\nContent-Type: a/b; name=y\n\n"+binHexOf("x", data, rsrc), Limits{})
	if len(r.all) != 3 || r.all[0].body.String() != string(data) || r.all[2].body.String() != string(rsrc) || len(r.all[0].e.Names) != 2 || r.all[2].e.Kind != Carved {
		t.Errorf("%.500s", r)
	}
	r = walkAll(t, "Content-Type: application/mac-binhex40\n\n"+binHexOf("x", data, rsrc), Limits{})
	if len(r.all) != 3 || r.all[1].body.String() != string(data) {
		t.Errorf("%.500s", r)
	}
	bad := []byte(binHexOf("x", data, nil))
	bad[200] ^= 1
	if files := carvedFrom(t, string(bad)); len(files) != 1 || len(files[0].e.Anomalies) == 0 {
		t.Errorf("damaged: %d files, %v", len(files), files[0].e.Anomalies)
	}
	if files := carvedFrom(t, binHexOf("x", data, nil)[:500]+"\n\nbye\n"); len(files) != 1 || files[0].e.Anomalies[0] != AnomalyBadBinHex {
		t.Errorf("cut: %d files", len(files))
	}
}

func TestArmor(t *testing.T) {
	lines := func(b []byte) string { return strings.ReplaceAll(string(base64Lines(b)), "\r", "") }
	packet := func(first byte) []byte { return append([]byte{first}, randomBytes(100)...) }
	for _, c := range []struct {
		name, text string
		want       []byte
		mediaType  string
		fault      error
	}{
		{"encrypted", "-----BEGIN PGP MESSAGE-----\nVersion: x\n\n" + lines(packet(0xc1)) + "=abcd\n-----END PGP MESSAGE-----\n", packet(0xc1), "application/pgp-encrypted", ErrEncrypted},
		{"old format", "-----BEGIN PGP MESSAGE-----\n\n" + lines(packet(0x84)) + "=abcd\n-----END PGP MESSAGE-----\n", packet(0x84), "application/pgp-encrypted", ErrEncrypted},
		{"compressed", "-----BEGIN PGP MESSAGE-----\n\n" + lines(packet(0xc8)) + "-----END PGP MESSAGE-----\n", packet(0xc8), "application/pgp-encrypted", ErrUnsupported},
		{"signature", "-----BEGIN PGP SIGNATURE-----\n\n" + lines(packet(0xc2)) + "=abcd\n-----END PGP SIGNATURE-----\n", packet(0xc2), "application/pgp-signature", nil},
		{"certificate", "-----BEGIN CERTIFICATE-----\n" + lines(packet(0x30)) + "-----END CERTIFICATE-----\n", packet(0x30), "application/pkix-cert", nil},
		{"key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + lines(packet(1)) + "-----END RSA PRIVATE KEY-----\n", packet(1), "application/octet-stream", nil},
		{"pem", "-----BEGIN PRIVACY-ENHANCED MESSAGE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + lines(packet(1)) + "-----END PRIVACY-ENHANCED MESSAGE-----\n", packet(1), "application/octet-stream", ErrEncrypted},
	} {
		files := carvedFrom(t, "hello\n"+c.text+"bye\n")
		if len(files) != 1 {
			t.Fatalf("%s: %d files", c.name, len(files))
		}
		f := files[0]
		if !bytes.Equal(f.body.Bytes(), c.want) || f.e.MediaType != c.mediaType || !errors.Is(f.e.Fault, c.fault) || len(f.e.Anomalies) > 0 {
			t.Errorf("%s: %q %s %v %v", c.name, f.body.Bytes(), f.e.MediaType, f.e.Fault, f.e.Anomalies)
		}
	}
}

// TestCarvedAfter demands that what follows a file is looked at too.
func TestCarvedAfter(t *testing.T) {
	hello := "%:&5L;&\\\n`\nend\n"
	for name, text := range map[string]string{
		"after a cut uuencode": "begin 644 x\n%:&5L;&\\\n",
		"after a cut yEnc":     "=ybegin line=128 size=5 name=x\n\x92\x8f\x96\x96\x99\n",
		"after a cut BinHex":   binHexOf("x", randomBytes(300), nil)[:200] + "\n",
		"after a cut PEM":      "-----BEGIN PKCS7-----\naGVsbG8=\n",
		"after a quoted one":   "> begin 644 x\n> %:&5L;&\\\n",
	} {
		files := carvedFrom(t, text+"begin 644 last\n"+hello)
		if last := files[len(files)-1]; last.e.Names[0].Value != "last" || last.body.String() != "hello" {
			t.Errorf("%s: last is %v %q", name, last.e.Names, last.body.Bytes())
		}
	}
	r := walkAll(t, "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 7bit\n\nbegin 644 pre\n"+hello+
		"--b\nContent-Transfer-Encoding: quoted-printable\n\nbegin 644 qp\n%:&5L;&\\\n`=\n\nend\n--b--\nbegin 644 post\n"+hello, Limits{})
	var names []string
	for _, rec := range r.all {
		if rec.e.Kind == Carved && rec.body.String() == "hello" {
			names = append(names, rec.e.Names[0].Value)
		}
	}
	if fmt.Sprint(names) != "[pre qp post]" {
		t.Errorf("%v\n%s", names, r)
	}
}

func TestGzip64(t *testing.T) {
	if got := readingsOf(t, "x-gzip64", "H4sIAA==\n"); got[""] != "\x1f\x8b\x08\x00" || len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestEncryptedIsItsOwnClass(t *testing.T) {
	if err := packetFault(0xc1); !errors.Is(err, ErrEncrypted) || errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}
