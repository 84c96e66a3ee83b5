package autoit

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

var versions = []*version{ea05, ea06}

func TestHonest(t *testing.T) {
	for _, v := range versions {
		m := sample(v)
		data := m.make()
		if !archivetest.Detects(data, Format) {
			t.Errorf("%s: not detected", v.name)
		}
		all, r, err := archivetest.ReadAll(t, Format, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range m.files {
			name := strings.ReplaceAll(f.path, `\`, "/")
			if g := archivetest.Find(all, name); name != "" && (g == nil || g.Data != f.body || g.Fault != nil) {
				t.Errorf("%s: %s is lost", v.name, name)
			}
		}
		want := 4
		if v == ea06 {
			want++
		}
		if notes := archivetest.NoteNames(all, r); len(notes) > 0 || len(all) != want {
			t.Errorf("%s: honest, and odd: %v\n%s", v.name, notes, archivetest.Listing(all))
		}
	}
}

// Bodies of all lengths of repeats, by each method.
func TestPacked(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	bodies := []string{"", "a", strings.Repeat("a", 100_000), archivetest.Payload}
	for n := range 900 {
		bodies = append(bodies, "abc"+strings.Repeat("d", n)+"abc")
	}
	var far strings.Builder
	for far.Len() < 3*window {
		far.WriteByte(byte(rnd.IntN(256)))
		far.WriteString(strings.Repeat("x", rnd.IntN(20)))
	}
	bodies = append(bodies, far.String(), far.String()[:window-10]+far.String()[:200])
	u := &unpacker{}
	for mark := range literalBits {
		for _, body := range bodies {
			if _, err := u.open(strings.NewReader(string(pack(mark, body)))); err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(u, []byte(body)); err != nil {
				t.Fatalf("%s, %d bytes: %v", mark, len(body), err)
			}
		}
	}
}

func TestListing(t *testing.T) {
	script := tokensOf(
		[]any{word{tokenKeyword, 4}, text8{0x33, "A"}, ">=", int32(-3), word{tokenKeyword, 5}},
		[]any{word{tokenFunction, 105}, "(", text8{tokenString, `say "é😀"`}, ",", text8{0x32, "TEMPDIR"}, "&", text8{tokenString, ""}, ")"},
		[]any{text8{0x33, "o"}, text8{0x35, "Open"}, "(", int64(math.MinInt64), ",", 0.5, ")"},
		[]any{text8{0x30, "LOCAL"}, text8{0x33, "B"}, "[", int32(2), "]", "=", text8{0x34, "f"}, "(", ")"},
		[]any{text8{0x37, "#NoTrayIcon"}, word{tokenKeyword, 999}},
	)
	want := "If $A >= -3 Then\r\n" + `FileGetSize("say ""é😀""", @TEMPDIR & "")` + "\r\n$o.Open(-9223372036854775808, 0.5)\r\nLOCAL $B[2] = f()\r\n#NoTrayIcon #999\r\n"
	m := &maker{v: ea06, files: []made{{tokens, "x.tmp", script, false}}}
	all, r, err := archivetest.ReadAll(t, Format, m.make())
	if err != nil {
		t.Fatal(err)
	}
	if g := archivetest.Find(all, scriptName); g == nil || g.Data != want || g.Fault != nil {
		t.Errorf("%s\nwant %q", archivetest.Listing(all), want)
	}
	if notes := archivetest.NoteNames(all, r); len(notes) > 0 {
		t.Error(notes)
	}
}

// A text does not depend on how it is read, and goes on over the borders of its buffer.
func TestListingLong(t *testing.T) {
	var lines [][]any
	for range 2000 {
		lines = append(lines, []any{text8{0x33, "VARIABLE"}, "=", text8{tokenString, "some text"}})
	}
	m := &maker{v: ea06, files: []made{{tokens, "x.tmp", tokensOf(lines...), false}}}
	all, _, err := archivetest.ReadAll(t, Format, m.make())
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("$VARIABLE = \"some text\"\r\n", 2000)
	if g := archivetest.Find(all, scriptName); g == nil || g.Data != want {
		t.Error(archivetest.Listing(all))
	}
}

func TestBrokenListing(t *testing.T) {
	good := tokensOf([]any{text8{0x33, "VARIABLE"}, "=", int32(1)})
	for name, script := range map[string]string{
		"cut": good[:len(good)-1], "cut string": good[:10], "unknown": "\x01\x00\x00\x00\x99",
		"long string": "\x01\x00\x00\x00\x36\xff\xff\xff\xffxxxx", "cut number": "\x01\x00\x00\x00\x10xx",
	} {
		m := &maker{v: ea06, files: []made{{tokens, "x.tmp", script, true}}}
		all, _, err := archivetest.ReadAll(t, Format, m.make())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 2 || all[0].Data != script || !errors.Is(all[1].Fault, level.ErrMalformed) {
			t.Errorf("%s: %s", name, archivetest.Listing(all))
		}
	}
}

// What a script's records say of it is not believed.
func TestForged(t *testing.T) {
	for _, v := range versions {
		forge := func(f func(f *forged)) archivetest.Forged {
			m := sample(v)
			m.forge = func(i int, g *forged) {
				if i == 2 {
					f(g)
				}
			}
			return archivetest.Forged{Data: m.make()}
		}
		with := func(a string, f archivetest.Forged) archivetest.Forged { f.Anomaly = a; return f }
		bare := sample(v)
		bare.before, bare.after = "", ""
		unsigned := sample(v)
		unsigned.before += warning
		unsigned.magic = strings.Repeat("?", 24)
		far := sample(v)
		far.before = "MZ" + warning + strings.Repeat("p", 2<<20)
		far.after = strings.Repeat("s", 1<<20)
		archivetest.FindForged(t, Format, map[string]archivetest.Forged{
			"plain":        {Data: sample(v).make()},
			"bare":         {Data: bare.make()},
			"no signature": {Data: unsigned.make()},
			"far":          {Data: far.make()},
			"checksum":     with(anomaly.CRC, forge(func(f *forged) { f.checksum++ })),
			"size":         with(anomaly.Size, forge(func(f *forged) { f.size = 1 << 31 })),
			"size zero":    with(anomaly.Size, forge(func(f *forged) { f.size = 0 })),
			"too long":     with(anomaly.Overlap, forge(func(f *forged) { f.packed += 400 })),
			"past the end": with(anomaly.Truncated, forge(func(f *forged) { f.packed = math.MaxUint32 })),
			"other method": forge(func(f *forged) { f.data = pack("JB00", archivetest.Payload); f.packed = uint32(len(f.data)) }),
			"other number": forge(func(f *forged) { f.compressed = 7 }),
			"too short":    forge(func(f *forged) { f.packed = 20 }),
			"JB01":         forge(func(f *forged) { f.data = []byte("JB01\x00\x00\x00\x09xxxxx") }),
		})
	}
}

// A member that cannot be read is in the right class.
func TestClasses(t *testing.T) {
	endless := append([]byte("EA06\x00\x01\x00\x00"), 0, 1, 0xff)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"JB01":           {[]byte("JB01\x00\x00\x00\x09xxxxx"), level.ErrUnsupported},
		"no mark":        {[]byte("EA07\x00\x00\x00\x09xxxxx"), level.ErrMalformed},
		"no bytes":       {nil, level.ErrMalformed},
		"cut head":       {[]byte("EA06\x00\x00"), level.ErrMalformed},
		"cut":            {pack("EA06", archivetest.Payload)[:60], level.ErrMalformed},
		"before begin":   {endless, level.ErrMalformed},
		"distance zero":  {[]byte("EA06\x00\x01\x00\x00\x00\x00\x00\x00"), level.ErrMalformed},
		"endless length": {append(append([]byte("EA06\x00\x01\x00\x00\xb0\x80\x00\xff"), bytes.Repeat([]byte{0xff}, 9000)...), 0xff), level.ErrMalformed},
	} {
		for _, v := range versions {
			m := sample(v)
			m.forge = func(i int, f *forged) {
				if i == 2 {
					f.data, f.packed = c.data, uint32(len(c.data))
				}
			}
			all, _, err := archivetest.ReadAll(t, Format, m.make())
			if err != nil {
				t.Fatal(err)
			}
			g := archivetest.Find(all, "data/a.exe")
			if g == nil || !errors.Is(g.Err, c.want) && !errors.Is(g.Fault, c.want) || !archivetest.Holds(all) {
				t.Errorf("%s, %s: %s", v.name, name, archivetest.Listing(all))
			}
		}
	}
}

func TestOpenClasses(t *testing.T) {
	cut := sample(ea06).make()
	cut = cut[:bytes.Index(cut, []byte(ea06.mark))+6]
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"no record":   {signature + scripts + "EA06" + digest + strings.Repeat("x", 100), level.ErrMalformed},
		"cut":         {string(cut), level.ErrMalformed},
		"EA07":        {signature + scripts + "EA07" + digest + strings.Repeat("x", 100), level.ErrUnsupported},
		"old":         {signature + oldScript + "xxxx", level.ErrUnsupported},
		"interpreter": {"MZ" + warning + signature + "xx", level.ErrFormat},
		"empty":       {"", level.ErrFormat},
	} {
		_, err := level.Open(Format, strings.NewReader(c.data), int64(len(c.data)), level.Limits{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if detects := archivetest.Detects([]byte(c.data), Format); detects != (name != "empty") {
			t.Errorf("%s: detected %v", name, detects)
		}
	}
}

// Several scripts in one file are all read, of either version.
func TestSeveral(t *testing.T) {
	data := bytes.Join([][]byte{sample(ea06).make(), sample(ea05).make(), sample(ea06).make(), sample(ea05).make()}, nil)
	all, _, err := archivetest.ReadAll(t, Format, data)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range all {
		if strings.Contains(g.Data, archivetest.Marker) && g.Fault == nil && len(g.Anomalies) == 0 {
			n++
		}
	}
	if n != 8 {
		t.Errorf("%d of 8:\n%s", n, archivetest.Listing(all))
	}
}

func TestTruncated(t *testing.T) {
	for _, v := range versions {
		data := sample(v).make()
		begin := bytes.Index(data, []byte(v.mark))
		for n := begin; n < len(data); n += 7 {
			all, _, err := archivetest.ReadAll(t, Format, data[:n])
			if err != nil && !errors.Is(err, level.ErrMalformed) {
				t.Fatalf("%d bytes: %v", n, err)
			}
			for _, g := range all {
				if g.Fault != nil && !errors.Is(g.Fault, level.ErrMalformed) {
					t.Fatalf("%d bytes: %v", n, g.Fault)
				}
			}
		}
	}
}

func TestSourceFails(t *testing.T) {
	archivetest.SourceFails(t, map[string]archivetest.Sample{
		"EA05": {Format: Format, Data: sample(ea05).make()}, "EA06": {Format: Format, Data: sample(ea06).make()},
	})
}

// Files lie behind bytes that look like the begin of a script.
func TestSeeds(t *testing.T) {
	for _, stored := range []bool{true, false} {
		m := sample(ea05)
		m.files = []made{{"a", "a", "x", true}, {"b", "b", archivetest.Payload, stored}}
		m.forge = func(i int, f *forged) {
			if i == 0 {
				f.data = append(f.data, m.enciphered([]byte("x"+scripts+"EA05"+"fedcba9876543219"), f.seed)[1:]...)
				f.packed = uint32(len(f.data))
			}
		}
		all, _, err := archivetest.ReadAll(t, Format, m.make())
		if err != nil || !archivetest.Holds(all) {
			t.Errorf("%v: %s", err, archivetest.Listing(all))
		}
	}
}

func TestByByte(t *testing.T) {
	archivetest.ByByte(t, map[string]archivetest.Sample{
		"EA05": {Format: Format, Data: sample(ea05).make()}, "EA06": {Format: Format, Data: sample(ea06).make()},
	})
}

// What is read does not hide that another script in the file is not.
func TestOtherScript(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		want error
	}{
		"EA07":      {signature + scripts + "EA07" + digest, level.ErrUnsupported},
		"no record": {signature + scripts + "EA06" + digest + strings.Repeat("x", 100), level.ErrMalformed},
		"program":   {signature + oldScript, nil},
	} {
		for _, data := range []string{string(sample(ea06).make()) + c.more, c.more + string(sample(ea05).make())} {
			all, _, err := archivetest.ReadAll(t, Format, []byte(data))
			if !errors.Is(err, c.want) || !archivetest.Holds(all) {
				t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
			}
		}
	}
}

// A record whose strings have no end is in the report, and the others are read.
func TestBrokenRecord(t *testing.T) {
	for _, v := range versions {
		for name, forge := range map[string]func(f *forged){
			"kind": func(f *forged) { f.kinds = 1 << 30 },
			"path": func(f *forged) { f.paths = math.MaxUint32 },
		} {
			m := sample(v)
			m.forge = func(i int, f *forged) {
				if i == 2 {
					forge(f)
				}
			}
			all, _, err := archivetest.ReadAll(t, Format, m.make())
			if !errors.Is(err, level.ErrMalformed) || !archivetest.Holds(all) {
				t.Errorf("%s, %s: %v\n%s", v.name, name, err, archivetest.Listing(all))
			}
		}
	}
}

// A name may be longer than any that Windows takes.
func TestLongNames(t *testing.T) {
	for _, v := range versions {
		m := sample(v)
		m.files[2].kind = strings.Repeat("k", 200_000)
		all, r, err := archivetest.ReadAll(t, Format, m.make())
		if err != nil || len(all) < 4 || !archivetest.Holds(all[:len(all)-2]) {
			t.Errorf("%s: %v %v %d", v.name, err, archivetest.NoteNames(all, r), len(all))
		}
	}
}
