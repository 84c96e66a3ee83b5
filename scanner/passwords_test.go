package scanner

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

// lockedZip returns a zip with one stored member under the traditional encryption
// (APPNOTE.TXT section 6.1).
func lockedZip(name string, content []byte, password string) []byte {
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	step := func(sum uint32, b byte) uint32 { return crc32.IEEETable[byte(sum)^b] ^ sum>>8 }
	update := func(b byte) {
		k[0] = step(k[0], b)
		k[1] = (k[1]+k[0]&0xff)*134775813 + 1
		k[2] = step(k[2], byte(k[1]>>24))
	}
	for i := range len(password) {
		update(password[i])
	}
	sum := crc32.ChecksumIEEE(content)
	body := append([]byte("11 bytes...")[:11], byte(sum>>24))
	body = append(body, content...)
	for i, b := range body {
		t := k[2] | 2
		body[i] = b ^ byte(t*(t^1)>>8)
		update(b)
	}
	le := binary.LittleEndian
	var common []byte
	for _, v := range []uint16{20, 1, 0, 0, 0x5821} {
		common = le.AppendUint16(common, v)
	}
	for _, v := range []int{int(sum), len(body), len(content), len(name)} {
		common = le.AppendUint32(common, uint32(v))
	}
	out := append([]byte("PK\x03\x04"), common...)
	out = append(append(out, name...), body...)
	at := len(out)
	out = append(append(out, "PK\x01\x02\x14\x00"...), common...)
	out = append(append(out, make([]byte, 14)...), name...)
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0, 1, 0, 1, 0)
	end = le.AppendUint32(end, uint32(len(out)-at))
	end = le.AppendUint32(end, uint32(at))
	return append(append(out, end...), 0, 0)
}

// A password that the message names opens what is encrypted, wherever it stands.
func TestPasswordsFromTheMessage(t *testing.T) {
	locked := part{name: "offer.zip", typ: "application/zip", body: lockedZip("run.exe", []byte(marker), "tr0ub4dor")}
	text := func(s string) part { return part{name: "", typ: "text/plain", body: []byte(s)} }
	for name, c := range map[string]struct {
		parts  []part
		listed []string
		from   string
	}{
		"before":         {[]part{text("The password is: tr0ub4dor."), locked}, nil, "1"},
		"behind":         {[]part{locked, text("pw tr0ub4dor")}, nil, "2"},
		"in a page":      {[]part{locked, {name: "", typ: "text/html", body: []byte("<html><body>Pass<b>word</b>: <i>tr0ub4dor</i></body></html>")}}, nil, "2"},
		"in the list":    {[]part{locked}, []string{"infected", "tr0ub4dor"}, "list"},
		"in a file name": {[]part{{name: "tr0ub4dor.zip", body: locked.body}}, nil, "name"},
		"nested":         {[]part{{name: "z.zip", body: zipped(t, part{name: "offer.zip", body: locked.body}, part{name: "readme.txt", body: []byte("Kennwort: tr0ub4dor")})}}, nil, "1/z.zip/readme.txt"},
		"twice locked":   {[]part{text("tr0ub4dor"), {name: "z.zip", body: lockedZip("offer.zip", locked.body, "tr0ub4dor")}}, nil, "1"},
	} {
		r := scanString(t, newScanner(t, Config{Passwords: c.listed}), mail(c.parts...))
		if r.Verdict != VerdictMalicious || len(reasons(r)) > 0 {
			t.Errorf("%s: %v, %v", name, r.Verdict, reasons(r))
			continue
		}
		for o := range r.Findings() {
			if o.PasswordFrom != c.from || o.Name() != "run.exe" {
				t.Errorf("%s: %s opened by %q", name, o.Path, o.PasswordFrom)
			}
		}
	}
}

// Without the password the member is there by its name, for policy to judge.
func TestLockedMembersAreJudgedByName(t *testing.T) {
	p := part{name: "a.zip", body: lockedZip("run.js", []byte(marker), "nobody knows")}
	r := scanString(t, newScanner(t, Config{Policy: Policy{BlockNames: []string{"*.js"}}}), mail(p))
	if r.Verdict != VerdictBlocked || reasons(r)[ReasonEncrypted] != 1 {
		t.Errorf("%v, %v", r.Verdict, reasons(r))
	}
}

// A flood of words costs no more than Limits.KeyWork, and what stays locked is
// reported.
func TestPasswordsCostNoMoreThanAllowed(t *testing.T) {
	var words strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&words, "word%d ", i)
	}
	words.WriteString("\npassword: tr0ub4dor\n")
	parts := []part{{typ: "text/plain", body: []byte(words.String())}, {name: "a.zip", body: lockedZip("x", []byte(marker), "tr0ub4dor")}}
	if r := scanString(t, newScanner(t, Config{}), mail(parts...)); r.Verdict != VerdictMalicious {
		t.Errorf("within the default: %v, %v", r.Verdict, reasons(r))
	}
	if r := scanString(t, newScanner(t, Config{Limits: Limits{KeyWork: 1}}), mail(parts...)); r.Verdict != VerdictUnchecked || reasons(r)[ReasonEncrypted] == 0 {
		t.Errorf("without work: %v, %v", r.Verdict, reasons(r))
	}
}
