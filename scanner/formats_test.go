package scanner

import "testing"

// TestClosed: a container of a format that is not opened is reported, and so is none
// that is.
func TestClosed(t *testing.T) {
	s := newScanner(t, Config{})
	for typ, body := range map[string]string{
		"stuffitx": "StuffIt!\x00\x01\x02\x03", "ubi": "UBI#\x01\x00\x00\x00\x00\x00", "pst": "!BDN\x12\x34\x56\x78SM\x17\x00",
	} {
		r := scanString(t, s, mail(part{name: "a." + typ, body: []byte(body)}))
		if r.Verdict != VerdictUnchecked || reasons(r)[ReasonUnsupported] != 1 {
			t.Errorf("%s: %v %+v", typ, r.Verdict, uncheckedOf(r))
		}
	}
	r := scanString(t, s, mail(part{name: "a.txt", body: []byte("StuffIt! is a program for the Macintosh.")}))
	if len(uncheckedOf(r)) > 0 {
		t.Errorf("text: %+v", uncheckedOf(r))
	}
}
