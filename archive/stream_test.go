package archive

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
)

func stdGzip(t testing.TB, name, data string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Name = name
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// bzip2Stream is "hello world\n".
var bzip2Stream, _ = hex.DecodeString("425a68393141592653594eece83600000251800010400006449080200031064c4101a7a9a580bb9431f8bb9229c28482776741b0")

func bzip2Of(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		if p == "" {
			out = append(out, bzip2Stream...)
		}
		out = append(out, p...)
	}
	return out
}

func TestStreams(t *testing.T) {
	const hello = "hello world\n"
	one := stdGzip(t, "a.js", payload)
	crc, size, cut := bytes.Clone(one), bytes.Clone(one), one[:len(one)-8]
	crc[len(crc)-8]++
	size[len(size)-1]++
	broken := append(bytes.Clone(one[:15]), 0xff, 0xff, 0xff) // "a.js" and the first block's head
	badBzip2 := bytes.Clone(bzip2Stream)
	badBzip2[len(badBzip2)-5] ^= 0x10
	for name, c := range map[string]struct {
		format  Format
		data    []byte
		want    string
		bad     bool
		anomaly string
	}{
		"gzip":             {Gzip, one, payload, false, ""},
		"gzip-two":         {Gzip, append(stdGzip(t, "", "x"), one...), "x" + payload, false, AnomalyMembers},
		"gzip-zeros":       {Gzip, append(bytes.Clone(one), make([]byte, 600)...), payload, false, ""},
		"gzip-padded-two":  {Gzip, append(append(bytes.Clone(one), 0, 0, 0), one...), payload + payload, false, AnomalyMembers},
		"gzip-garbage":     {Gzip, append(bytes.Clone(one), "junk"...), payload, false, AnomalyAppended},
		"gzip-garbage-two": {Gzip, append(append(bytes.Clone(one), "junk"...), one...), payload + payload, false, AnomalyAppended},
		"gzip-crc":         {Gzip, crc, payload, true, AnomalyCRC},
		"gzip-crc-two":     {Gzip, append(bytes.Clone(crc), one...), payload + payload, true, AnomalyCRC},
		"gzip-size":        {Gzip, size, payload, true, AnomalySize},
		"gzip-broken-two":  {Gzip, append(broken, one...), payload, true, ""},
		"gzip-no-trailer":  {Gzip, cut, payload, true, ""},
		"bzip2":            {Bzip2, bzip2Of(""), hello, false, ""},
		"bzip2-two":        {Bzip2, bzip2Of("", ""), hello + hello, false, ""},
		"bzip2-garbage":    {Bzip2, bzip2Of("", "junk"), hello, false, AnomalyAppended},
		"bzip2-zeros":      {Bzip2, bzip2Of("", "\x00\x00\x00"), hello, false, AnomalyAppended},
		"bzip2-between":    {Bzip2, bzip2Of("", "junk", ""), hello + hello, false, AnomalyAppended},
		"bzip2-crc":        {Bzip2, badBzip2, hello, true, ""},
		"bzip2-crc-two":    {Bzip2, append(bytes.Clone(badBzip2), bzip2Stream...), hello + hello, true, ""},
		"bzip2-cut":        {Bzip2, bzip2Stream[:len(bzip2Stream)-4], hello, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, c.format, c.data)
			members := 1
			if c.anomaly == AnomalyAppended && name != "bzip2-zeros" {
				members = 2 // what is appended is shown too
			}
			if err != nil || len(all) != members {
				t.Fatalf("%d members, %v", len(all), err)
			}
			g := all[0]
			if g.data != c.want || errors.Is(g.err, ErrMalformed) != c.bad || !c.bad && g.err != nil {
				t.Errorf("%d bytes, %v; want %d", len(g.data), g.err, len(c.want))
			}
			notes := noteNames(all, r)
			if c.anomaly == "" && !c.bad && len(notes) > 0 || c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
			if c.format == Gzip && !slices.Contains(g.Names, "a.js") {
				t.Errorf("names %q", g.Names)
			}
		})
	}
}
