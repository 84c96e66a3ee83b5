package unix

import (
	stdtar "archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestTarPlain(t *testing.T) {
	long := strings.Repeat("long/", 60) + "name.js"
	for _, format := range []stdtar.Format{stdtar.FormatUSTAR, stdtar.FormatPAX, stdtar.FormatGNU} {
		files := []archivetest.File{{Name: "a.txt", Data: "first"}, {Name: "empty"}, {Name: "b", Data: archivetest.Payload}}
		if format != stdtar.FormatUSTAR {
			files = append(files, archivetest.File{Name: long, Data: archivetest.Marker})
		} else {
			files = append(files, archivetest.File{Name: strings.Repeat("p/", 60) + "n", Data: archivetest.Marker})
		}
		all, r, err := archivetest.ReadAll(t, Tar, archivetest.StdTar(t, format, files...))
		if err != nil || len(all) != len(files) {
			t.Fatalf("%v: %d members, %v", format, len(all), err)
		}
		for i, g := range all {
			if g.Fault != nil || g.Data != files[i].Data || g.Names[0] != files[i].Name {
				t.Errorf("%v: member %d: %q %d bytes, %v", format, i, g.Names, len(g.Data), g.Fault)
			}
		}
		if n := archivetest.NoteNames(all, r); len(n) > 0 {
			t.Errorf("%v: anomalies of a plain tar: %v", format, n)
		}
	}
}

// tarBlockOf forges a header.
func tarBlockOf(name string, size string, flag byte, magic string) []byte {
	b := make([]byte, tarBlock)
	copy(b, name)
	copy(b[100:], "0000644\x00")
	copy(b[124:], size)
	b[156] = flag
	copy(b[257:], magic)
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func blocks(s string) []byte {
	return append([]byte(s), make([]byte, (tarBlock-len(s)%tarBlock)%tarBlock)...)
}

func TestTarForged(t *testing.T) {
	octal := fmt.Sprintf("%011o\x00", len(archivetest.Payload))
	first := append(tarBlockOf("o", "00000000003\x00", '0', "ustar\x0000"), blocks("abc")...)
	member := append(tarBlockOf("p.js", octal, '0', "ustar\x0000"), blocks(archivetest.Payload)...)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	bad := bytes.Clone(member)
	bad[0] = 'q'
	base256 := "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00" + string([]byte{byte(len(archivetest.Payload) >> 8), byte(len(archivetest.Payload))})
	pax := func(records string) []byte {
		return join(tarBlockOf("pax", fmt.Sprintf("%011o\x00", len(records)), 'x', "ustar\x0000"), blocks(records))
	}
	for name, c := range map[string]struct {
		data    []byte
		anomaly string
	}{
		"v7":            {append(tarBlockOf("p", octal, 0, ""), blocks(archivetest.Payload)...), ""},
		"link":          {append(tarBlockOf("p", octal, '2', "ustar\x0000"), blocks(archivetest.Payload)...), ""},
		"folder":        {append(tarBlockOf("p/", octal, '5', "ustar\x0000"), blocks(archivetest.Payload)...), anomaly.DirData},
		"base256":       {append(tarBlockOf("p", base256, '0', "ustar  \x00"), blocks(archivetest.Payload)...), ""},
		"spaces":        {append(tarBlockOf("p", fmt.Sprintf("%10o \x00", len(archivetest.Payload)), '0', "ustar\x0000"), blocks(archivetest.Payload)...), ""},
		"checksum":      {join(first, bad), anomaly.Checksum},
		"after-zeros":   {join(first, make([]byte, 1024), member), anomaly.AfterZeros},
		"after-garbage": {join(first, bytes.Repeat([]byte("x"), 1024), member), anomaly.TarGarbage},
		"pax-size":      {join(pax(fmt.Sprintf("%d size=%d\n", 12, len(archivetest.Payload))), tarBlockOf("p", "00000000000\x00", '0', "ustar\x0000"), blocks(archivetest.Payload)), ""},
		"pax-desync":    {join(pax("13 size=9999\n"), tarBlockOf("o", "00000000000\x00", '0', "ustar\x0000"), member), anomaly.TarSize},
		"header-desync": {join(pax("9 size=0\n"), tarBlockOf("o", octal, '0', "ustar\x0000"), member), anomaly.TarSize},
		"truncated":     {member[:tarBlock+len(archivetest.Payload)], ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Tar, c.data)
			if r == nil {
				t.Fatal(err)
			}
			for _, g := range all {
				t.Logf("%q %v %d bytes, %v", g.Names, g.Anomalies, len(g.Data), g.Fault)
			}
			if !archivetest.Holds(all) {
				t.Errorf("the marker is not found: %d members, %v", len(all), err)
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
		})
	}
}

func TestTarTruncated(t *testing.T) {
	data := archivetest.StdTar(t, stdtar.FormatUSTAR, archivetest.File{Name: "p", Data: archivetest.Payload})[:tarBlock+100]
	all, _, err := archivetest.ReadAll(t, Tar, data)
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload[:100] {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if !errors.Is(all[0].Fault, level.ErrMalformed) || !errors.Is(all[0].Fault, io.ErrUnexpectedEOF) {
		t.Errorf("err = %v", all[0].Fault)
	}
}

func FuzzTar(f *testing.F) {
	for _, format := range []stdtar.Format{stdtar.FormatUSTAR, stdtar.FormatPAX, stdtar.FormatGNU} {
		name := "p.js"
		if format != stdtar.FormatUSTAR {
			name = strings.Repeat("long/", 60) + name
		}
		f.Add(archivetest.StdTar(f, format, archivetest.File{Name: "a", Data: "a"}, archivetest.File{Name: name, Data: archivetest.Payload}))
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Tar, data, 0) })
}
