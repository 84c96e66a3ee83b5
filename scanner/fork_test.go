package scanner

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// Where clients differ on how far a body goes, the shorter one is an object of its
// own with the digest that a client saves, in memory and on disk.
func TestShorterBody(t *testing.T) {
	for _, memory := range []int64{1, 1 << 20} {
		payload := bytes.Repeat([]byte("0123456789ab"), 5000)
		msg := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			wrap(base64.StdEncoding.EncodeToString(payload)) + "\r\n--bAAAA\r\nAAAA\r\n--b--\r\n"
		s := newScanner(t, Config{Limits: Limits{MemoryBytes: memory}})
		r := scanString(t, s, msg)
		want := sha256.Sum256(payload)
		found := false
		for _, o := range r.Objects {
			found = found || bytes.Equal(o.SHA256, want[:]) && o.Size == int64(len(payload)) && strings.Contains(o.Reading, "delimiter=prefix")
		}
		if !found {
			for _, o := range r.Objects {
				t.Logf("%q %d %q %v %v", o.Path, o.Size, o.Reading, o.Anomalies, o.Unchecked)
			}
			t.Errorf("memory %d: the shorter body is not there", memory)
		}
	}
}
