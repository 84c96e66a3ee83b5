package mime

import (
	"slices"
	"strings"
	"testing"
)

// A text in quoted-printable that two clients decode differently, behind parts that
// stand in it, is no fault: the parts were split, and the text is there twice.
func TestFoundOnce(t *testing.T) {
	h := &recorder{t: t}
	mail := "Content-Transfer-Encoding: quoted-printable\r\n\r\nyour mail:\r\n\r\n--=3Db\r\nContent-Type: text/plain\r\n\r\nhidden part\r\n" +
		"blanks before the end   \r\nand more =\r\n\r\n--=3Db--\r\n"
	if err := Walk(strings.NewReader(mail), h, Limits{}); err != nil {
		t.Fatal(err)
	}
	noted := false
	for _, rec := range h.all {
		e := rec.e
		if e.Fault != nil {
			t.Errorf("%s %q: %v", e.Path, e.Reading, e.Fault)
		}
		noted = noted || slices.Contains(e.Anomalies, AnomalyFoundOnce)
	}
	if !noted {
		t.Errorf("no %s", AnomalyFoundOnce)
	}
}
