package emlx

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

const (
	message = "From: a@example.org\nSubject: a message\n\nthe marker is " + archivetest.Marker + "\n"
	list    = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict/></plist>\n"
)

// fileOf puts a line before a message.
func fileOf(length any, rest string) string { return fmt.Sprintf("%v\n%s", length, rest) }

func TestFiles(t *testing.T) {
	n := len(message)
	for name, c := range map[string]struct {
		data    string
		want    []string
		anomaly bool
	}{
		"plain":     {fileOf(n, message+list), []string{message, list}, false},
		"padded":    {fileOf(fmt.Sprintf("%-10d", n), message+list), []string{message, list}, false},
		"CR LF":     {fileOf(fmt.Sprintf("%d\r", n), message+list), []string{message, list}, false},
		"no list":   {fileOf(n, message), []string{message}, false},
		"short":     {fileOf(20, message+list), []string{message + list, message[:20], (message + list)[20:]}, true},
		"zero":      {fileOf(0, message+list), []string{message + list, message + list}, true},
		"long":      {fileOf(99999, message+list), []string{message + list}, true},
		"huge":      {fileOf("999999999999", message), []string{message}, true},
		"to follow": {fileOf(n, message+"more"), []string{message + "more", message, "more"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, []byte(c.data))
			var got []string
			for _, g := range all {
				got = append(got, g.Data)
			}
			if err != nil || !slices.Equal(got, c.want) || !archivetest.Detects([]byte(c.data), Format) || all[0].MediaType != "message/rfc822" {
				t.Errorf("%v\n%s", err, archivetest.Listing(all))
			}
			if (len(r.Anomalies()) > 0) != c.anomaly {
				t.Errorf("anomalies %v", r.Anomalies())
			}
		})
	}
}

func TestNone(t *testing.T) {
	for _, s := range []string{"", "12", "12\n", "12\nsome text: of two\nlines: and more", "12 34\nA: b\nC: d\n", "1234567890123\nA: b\nC: d\n", "x\nA: b\nC: d\n", "5\nA: b\n\nC: d\n"} {
		if archivetest.Detects([]byte(s), Format) {
			t.Errorf("%q", s)
		}
	}
}

func samples() map[string]archivetest.Sample {
	return map[string]archivetest.Sample{
		"plain": {Format: Format, Data: []byte(fileOf(len(message), message+list))},
		"lied":  {Format: Format, Data: []byte(fileOf(7, message+list))},
	}
}

func TestSourceFails(t *testing.T) { archivetest.SourceFails(t, samples()) }

func TestByByte(t *testing.T) { archivetest.ByByte(t, samples()) }

func FuzzEmlx(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 0) })
}
