package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// cut returns the pieces of a mailbox as texts.
func cut(t testing.TB, text string, lax bool) (list []string) {
	t.Helper()
	for p, err := range pieces(strings.NewReader(text), lax) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, text[p.start:p.end])
	}
	return list
}

const fromDate = "From a@a.example Mon Jan  1 00:00:00 2024\n"

func TestPieces(t *testing.T) {
	const mail = "From: a@a.example\nTo: b@b.example\nSubject: s\nMessage-ID: <1@a>\n\nbody\n"
	one := fromDate + mail
	for _, c := range []struct {
		name        string
		text        []string // as cut at certain separators
		laxSplits   int      // more pieces, where every separator counts
		notAMailbox bool
	}{
		{name: "one", text: []string{one}},
		{name: "two", text: []string{one + "\n", one}},
		{name: "CRLF", text: []string{strings.ReplaceAll(one+"\n", "\n", "\r\n"), strings.ReplaceAll(one, "\n", "\r\n")}},
		{name: "zone before the year", text: []string{one + "\n", "From a Mon Jan 01 00:00:00 +0000 2024\n" + mail}},
		{name: "zone after the year", text: []string{one + "\n", "From a Mon Jan 1 00:00 2024 MEZ\n" + mail}},
		{name: "no address", text: []string{one + "\n", "From - Mon Jan  1 00:00:00 2024\n" + mail}},
		{name: "spaces in the address", text: []string{one + "\n", "From a b at c.example Mon Jan  1 00:00:00 2024\n" + mail}},
		{name: "blank lines in front", text: []string{"\n\n" + one + "\n", one}},
		{name: "byte order mark", text: []string{"\ufeff" + one + "\n", one}},
		{name: "no blank line", text: []string{one + one}, laxSplits: 1},
		{name: "no date", text: []string{one + "\nFrom a@a.example\n" + mail}, laxSplits: 1},
		{name: "no header", text: []string{one + "\n", fromDate + "\nlast words\n"}},
		{name: "odd header", text: []string{one + "\n", fromDate + "Content-Type: text/html\n\n<p>\n"}},
		{name: "prose", text: []string{one + "\nFrom here we went on: to Rome\n"}},
		{name: "prose with a header", text: []string{one + "\nFrom the header:\n" + mail}, laxSplits: 1},
		{name: "quoted", text: []string{one + "\n>" + one}},
		{name: "in a line", text: []string{one + "\nx" + one}},
		{name: "cut off in a line", text: []string{one + "\nFrom a Mon Jan  1 00:00:00 2024"}},
		{name: "first without a date", text: []string{"From a\n" + mail + "\n", one}},
		{name: "a message", text: []string{mail}, notAMailbox: true},
		{name: "prose in front", text: []string{"From here to there\nwe went\n"}, notAMailbox: true},
		{name: "nothing", notAMailbox: true},
		{name: "long line", text: []string{one + strings.Repeat("x", 3*mboxWindow) + "\n\n", one}},
		{name: "many", text: slices.Repeat([]string{one + strings.Repeat("line\n", 999) + "\n"}, 300)},
	} {
		text := strings.Join(c.text, "")
		if got := cut(t, text, false); !slices.Equal(got, c.text) {
			t.Errorf("%s: %d pieces: %.300q", c.name, len(got), got)
		}
		if got := cut(t, text, true); len(got) != len(c.text)+c.laxSplits {
			t.Errorf("%s: %d lax pieces: %.300q", c.name, len(got), got)
		}
		if got := isMailbox([]byte(text[:min(len(text), sniffBytes)])); got == c.notAMailbox {
			t.Errorf("%s: mailbox %t", c.name, got)
		}
		if maybe := maybeMailbox([]byte(text[:min(len(text), 16)])); !maybe && !c.notAMailbox {
			t.Errorf("%s: is not even looked at", c.name)
		}
		var slow []span
		for p, err := range pieces(iotest.OneByteReader(strings.NewReader(text)), false) {
			if err != nil {
				t.Fatal(err)
			}
			slow = append(slow, p.span)
		}
		if len(slow) != len(c.text) {
			t.Errorf("%s: %d pieces byte by byte", c.name, len(slow))
		}
	}
}

func TestPiecesOfBrokenReader(t *testing.T) {
	var last error
	for _, err := range pieces(failing{strings.NewReader(fromDate + "x")}, false) {
		last = err
	}
	if last != errTape {
		t.Errorf("error %v", last)
	}
}

// Wherever one message ends for one reader and not for another, what either
// sees is found.
func TestMailboxReadings(t *testing.T) {
	header := "From: a@a.example\nTo: b@b.example\nSubject: s\nMessage-ID: <1@a>\n"
	clean := fromDate + header + "\nhello\n\n"
	infected := infectedMail()
	part := strings.Index(infected, "base64\r\n\r\n") + len("base64\r\n\r\n")
	decoy := "\n" + fromDate + header + "\n"
	encoded := strings.TrimSuffix(infected[part:], "--b--\r\n")
	bare := header + "Content-Transfer-Encoding: base64\n\n" + encoded + "\n" // to be found by who begins here
	text := header + "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
	// Most readers of base64 skip what is not of its alphabet, and decode the
	// letters of the line: rubbish before a zip, which unpackers skip. The zip does not
	// begin a line, or else it would be found in the text.
	archive := attach("x.zip", zipped(t, "e.com", virus()))
	start := strings.Index(archive, "base64\r\n\r\n") + len("base64\r\n\r\n")
	letters := len(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \n:@.-<>", r) {
			return -1
		}
		return r
	}, decoy))
	inBase64 := archive[:start] + decoy + strings.Repeat("A", 7-(letters+3)%4) + archive[start:]
	for _, c := range []struct {
		name, file, want string
	}{
		{"messages", clean + fromDate + infected + "\n" + clean, "1 clean, 2 malicious, 3 clean"},
		{"separator within base64", fromDate + inBase64, "1 clean, 2 clean, whole malicious"},
		{"separator before a part", clean + fromDate + strings.Replace(infected, "\r\nhello\r\n", "\r\nhello\r\n"+decoy, 1), "1 clean, 2 clean, 3 malicious"},
		{"no date", fromDate + text + "AAAA\nFrom x\n" + bare, "clean, any-from-line malicious"},
		{"no blank line", clean + fromDate + text + "AAAA\n" + fromDate + bare, "1 clean, 2 clean, any-from-line malicious"},
		{"length over the separator", clean + clean + fromDate + lengthy(strings.Replace(infected, "\r\nhello\r\n", "\r\nhello\r\n"+decoy, 1)) + "\n" + clean, "1 clean, 2 clean, 3 clean, 4 malicious, 5 clean"},
		{"length that leads nowhere", clean + fromDate + "Content-Length: 3\n" + header + "\nhello\n", "1 clean, 2 clean"},
		{"length that is right", fromDate + "Content-Length: 6\n" + header + "\nhello\n\n" + clean, "1 clean, 2 clean"},
		{"length beyond the end", fromDate + "Content-Length: 99999999999999\n" + header + "\nhello\n\n" + clean, "1 clean, 2 clean"},
		{"unchecked is told once", fromDate + attach("x.7z", sevenZip) + "\n" + clean, "1 unchecked, 2 clean"},
	} {
		dir := folder(t, "x.mbox", c.file)
		if got := readings(scan(t, "", "--json", dir).documents(t)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// lengthy adds a Content-Length to a message.
func lengthy(mail string) string {
	head, body, _ := strings.Cut(mail, "\r\n\r\n")
	return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

func readings(docs []map[string]any) string {
	var list []string
	for _, d := range docs {
		verdict := fmt.Sprint(d["verdict"])
		if d["message"] != nil {
			verdict = fmt.Sprintf("%v %s", d["message"], verdict)
		}
		if d["reading"] != nil {
			verdict = fmt.Sprintf("%v %s", d["reading"], verdict)
		}
		list = append(list, verdict)
	}
	return strings.Join(list, ", ")
}

// The whole is read beyond the limits that are for one message; that they are
// met is said of a few messages only.
func TestWholeMailboxLimits(t *testing.T) {
	mail := fromDate + cleanMail() + "\n"
	for _, c := range []struct {
		messages, size int
		want           string
	}{
		{3, 600, "whole unchecked"},
		{3, 4 << 10, ""},
		{maxOneMessage + 1, 600, ""},
		{maxOneMessage, 1 << 20, ""},
	} {
		dir := folder(t, "x.mbox", strings.Repeat(mail, c.messages))
		docs := scan(t, "", "--json", fmt.Sprintf("--limit-message-bytes=%d", c.size), dir).documents(t)
		if len(docs) < c.messages {
			t.Fatalf("%d of %d messages", len(docs), c.messages)
		}
		if got := readings(docs[c.messages:]); got != c.want {
			t.Errorf("%d messages, at most %d bytes: %q, want %q", c.messages, c.size, got, c.want)
		}
	}
}

// Mailboxes that are too large to be one message are read by Content-Length all
// the same.
func TestContentLengthOfLargeMailbox(t *testing.T) {
	header := "From: a@a.example\nTo: b@b.example\nSubject: s\nMessage-ID: <1@a>\n"
	split := strings.Replace(infectedMail(), "\r\nhello\r\n", "\r\nhello\r\n\n"+fromDate+header+"\n", 1)
	filler := fromDate + header + "\n" + strings.Repeat("filler\n", 400) + "\n"
	file := filler + filler + fromDate + lengthy(split) + "\n" + filler
	dir := folder(t, "x.mbox", file)
	got := readings(scan(t, "", "--json", "--limit-message-bytes=4KiB", dir).documents(t))
	if got != "1 clean, 2 clean, 3 clean, 4 malicious, 5 clean, whole unchecked" {
		t.Error(got)
	}
}

// Lengths that would have every message read to the end of file are given up,
// and that is an error.
func TestContentLengthBomb(t *testing.T) {
	header := "From: a@a.example\nTo: b@b.example\nSubject: s\nMessage-ID: <1@a>\n"
	file := fromDate + header + "\nlast\n"
	for range 50 {
		mail := header + "\nbody\n\n" + file
		_, body, _ := strings.Cut(mail, "\n\n")
		file = fmt.Sprintf("%sContent-Length: %d\n%s", fromDate, len(body), mail)
	}
	dir := folder(t, "x.mbox", file)
	got := scan(t, "", "--json", filepath.Join(dir, "x.mbox"))
	if got.code != exitError || !strings.Contains(got.stdout, "too many Content-Length fields") {
		t.Errorf("code %d\n%.2000s", got.code, got.stdout)
	}
}
