package stream

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestStreams(t *testing.T) {
	const hello = "hello world\n"
	one := archivetest.StdGzip(t, "a.js", archivetest.Payload)
	crc, size, cut := bytes.Clone(one), bytes.Clone(one), one[:len(one)-8]
	crc[len(crc)-8]++
	size[len(size)-1]++
	broken := append(bytes.Clone(one[:15]), 0xff, 0xff, 0xff) // "a.js" and the first block's head
	badBzip2 := bytes.Clone(archivetest.Bzip2Stream)
	badBzip2[len(badBzip2)-5] ^= 0x10
	for name, c := range map[string]struct {
		format  *level.Format
		data    []byte
		want    string
		bad     bool
		anomaly string
	}{
		"gzip":             {Gzip, one, archivetest.Payload, false, ""},
		"gzip-two":         {Gzip, append(archivetest.StdGzip(t, "", "x"), one...), "x" + archivetest.Payload, false, anomaly.Members},
		"gzip-zeros":       {Gzip, append(bytes.Clone(one), make([]byte, 600)...), archivetest.Payload, false, ""},
		"gzip-padded-two":  {Gzip, append(append(bytes.Clone(one), 0, 0, 0), one...), archivetest.Payload + archivetest.Payload, false, anomaly.Members},
		"gzip-garbage":     {Gzip, append(bytes.Clone(one), "junk"...), archivetest.Payload, false, anomaly.Appended},
		"gzip-garbage-two": {Gzip, append(append(bytes.Clone(one), "junk"...), one...), archivetest.Payload + archivetest.Payload, false, anomaly.Appended},
		"gzip-crc":         {Gzip, crc, archivetest.Payload, true, anomaly.CRC},
		"gzip-crc-two":     {Gzip, append(bytes.Clone(crc), one...), archivetest.Payload + archivetest.Payload, true, anomaly.CRC},
		"gzip-size":        {Gzip, size, archivetest.Payload, true, anomaly.Size},
		"gzip-broken-two":  {Gzip, append(broken, one...), archivetest.Payload, true, ""},
		"gzip-no-trailer":  {Gzip, cut, archivetest.Payload, true, ""},
		"bzip2":            {Bzip2, archivetest.Bzip2Of(""), hello, false, ""},
		"bzip2-two":        {Bzip2, archivetest.Bzip2Of("", ""), hello + hello, false, ""},
		"bzip2-garbage":    {Bzip2, archivetest.Bzip2Of("", "junk"), hello, false, anomaly.Appended},
		"bzip2-zeros":      {Bzip2, archivetest.Bzip2Of("", "\x00\x00\x00"), hello, false, anomaly.Appended},
		"bzip2-between":    {Bzip2, archivetest.Bzip2Of("", "junk", ""), hello + hello, false, anomaly.Appended},
		"bzip2-crc":        {Bzip2, badBzip2, hello, true, ""},
		"bzip2-crc-two":    {Bzip2, append(bytes.Clone(badBzip2), archivetest.Bzip2Stream...), hello + hello, true, ""},
		"bzip2-cut":        {Bzip2, archivetest.Bzip2Stream[:len(archivetest.Bzip2Stream)-4], hello, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, c.format, c.data)
			members := 1
			if c.anomaly == anomaly.Appended && name != "bzip2-zeros" {
				members = 2 // what is appended is shown too
			}
			if err != nil || len(all) != members {
				t.Fatalf("%d members, %v", len(all), err)
			}
			g := all[0]
			if g.Data != c.want || errors.Is(g.Fault, level.ErrMalformed) != c.bad || !c.bad && g.Fault != nil {
				t.Errorf("%d bytes, %v; want %d", len(g.Data), g.Fault, len(c.want))
			}
			notes := archivetest.NoteNames(all, r)
			if c.anomaly == "" && !c.bad && len(notes) > 0 || c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
			if c.format == Gzip && !slices.Contains(g.Names, "a.js") {
				t.Errorf("names %q", g.Names)
			}
		})
	}
}

func FuzzGzip(f *testing.F) {
	one := archivetest.StdGzip(f, "a.js", archivetest.Payload)
	f.Add(one)
	f.Add(append(one, one...))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Gzip, data, 0) })
}

func FuzzBzip2(f *testing.F) {
	f.Add(archivetest.Bzip2Of("", ""))
	f.Add(archivetest.Bzip2Of("", "junk", ""))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Bzip2, data, maxGaps*4<<20) })
}
