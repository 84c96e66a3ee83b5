package archive

import (
	stdtar "archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func stdTar(t testing.TB, format stdtar.Format, files ...file) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := stdtar.NewWriter(&buf)
	for _, f := range files {
		if err := w.WriteHeader(&stdtar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644, Format: format}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestTarPlain(t *testing.T) {
	long := strings.Repeat("long/", 60) + "name.js"
	for _, format := range []stdtar.Format{stdtar.FormatUSTAR, stdtar.FormatPAX, stdtar.FormatGNU} {
		files := []file{{name: "a.txt", data: "first"}, {name: "empty"}, {name: "b", data: payload}}
		if format != stdtar.FormatUSTAR {
			files = append(files, file{name: long, data: marker})
		} else {
			files = append(files, file{name: strings.Repeat("p/", 60) + "n", data: marker})
		}
		all, r, err := readAll(t, Tar, stdTar(t, format, files...))
		if err != nil || len(all) != len(files) {
			t.Fatalf("%v: %d members, %v", format, len(all), err)
		}
		for i, g := range all {
			if g.err != nil || g.data != files[i].data || g.Names[0] != files[i].name {
				t.Errorf("%v: member %d: %q %d bytes, %v", format, i, g.Names, len(g.data), g.err)
			}
		}
		if n := noteNames(all, r); len(n) > 0 {
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
	octal := fmt.Sprintf("%011o\x00", len(payload))
	first := append(tarBlockOf("o", "00000000003\x00", '0', "ustar\x0000"), blocks("abc")...)
	member := append(tarBlockOf("p.js", octal, '0', "ustar\x0000"), blocks(payload)...)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	bad := bytes.Clone(member)
	bad[0] = 'q'
	base256 := "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00" + string([]byte{byte(len(payload) >> 8), byte(len(payload))})
	pax := func(records string) []byte {
		return join(tarBlockOf("pax", fmt.Sprintf("%011o\x00", len(records)), 'x', "ustar\x0000"), blocks(records))
	}
	for name, c := range map[string]struct {
		data    []byte
		anomaly string
	}{
		"v7":            {append(tarBlockOf("p", octal, 0, ""), blocks(payload)...), ""},
		"link":          {append(tarBlockOf("p", octal, '2', "ustar\x0000"), blocks(payload)...), ""},
		"folder":        {append(tarBlockOf("p/", octal, '5', "ustar\x0000"), blocks(payload)...), AnomalyDirData},
		"base256":       {append(tarBlockOf("p", base256, '0', "ustar  \x00"), blocks(payload)...), ""},
		"spaces":        {append(tarBlockOf("p", fmt.Sprintf("%10o \x00", len(payload)), '0', "ustar\x0000"), blocks(payload)...), ""},
		"checksum":      {join(first, bad), AnomalyChecksum},
		"after-zeros":   {join(first, make([]byte, 1024), member), AnomalyAfterZeros},
		"after-garbage": {join(first, bytes.Repeat([]byte("x"), 1024), member), AnomalyTarGarbage},
		"pax-size":      {join(pax(fmt.Sprintf("%d size=%d\n", 12, len(payload))), tarBlockOf("p", "00000000000\x00", '0', "ustar\x0000"), blocks(payload)), ""},
		"pax-desync":    {join(pax("13 size=9999\n"), tarBlockOf("o", "00000000000\x00", '0', "ustar\x0000"), member), AnomalyTarSize},
		"header-desync": {join(pax("9 size=0\n"), tarBlockOf("o", octal, '0', "ustar\x0000"), member), AnomalyTarSize},
		"truncated":     {member[:tarBlock+len(payload)], ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Tar, c.data)
			if r == nil {
				t.Fatal(err)
			}
			for _, g := range all {
				t.Logf("%q %v %d bytes, %v", g.Names, g.Anomalies, len(g.data), g.err)
			}
			if !holds(all) {
				t.Errorf("the marker is not found: %d members, %v", len(all), err)
			}
			if notes := noteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
		})
	}
}

func TestTarTruncated(t *testing.T) {
	data := stdTar(t, stdtar.FormatUSTAR, file{name: "p", data: payload})[:tarBlock+100]
	all, _, err := readAll(t, Tar, data)
	if err != nil || len(all) != 1 || all[0].data != payload[:100] {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if !errors.Is(all[0].err, ErrMalformed) || !errors.Is(all[0].err, io.ErrUnexpectedEOF) {
		t.Errorf("err = %v", all[0].err)
	}
}
