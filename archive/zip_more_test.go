package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestZipEncrypted(t *testing.T) {
	noise := make([]byte, 400)
	for i := range noise {
		noise[i] = byte(i*i*31 + i>>3)
	}
	for name, bend := range map[string]func(*head){
		"traditional": func(h *head) { h.flags = flagEncrypted },
		"strong":      func(h *head) { h.flags = flagEncrypted | flagStrong },
		"aes": func(h *head) {
			h.flags, h.method, h.extra = flagEncrypted, 99, "\x01\x99\x07\x00\x02\x00AE\x03\x08\x00"
		},
	} {
		data := forge([]entry{{name: "p", method: 8, body: payload, raw: noise, local: bend, central: bend}, listed("o", "plain", 0)}, nil, "")
		all, _, err := readAll(t, Zip, data)
		if err != nil || len(all) != 2 {
			t.Fatalf("%s: %d members, %v", name, len(all), err)
		}
		if m := all[0]; !m.Encrypted || !errors.Is(m.Err, ErrEncrypted) || m.data != "" || !errors.Is(m.err, ErrEncrypted) {
			t.Errorf("%s: %+v, %v", name, m.Member, m.err)
		}
		if all[1].data != "plain" || all[1].Encrypted {
			t.Errorf("%s: the plain member: %+v", name, all[1])
		}
	}
}

func TestZipUnsupportedMethod(t *testing.T) {
	e := entry{name: "p", method: 97, body: payload, raw: []byte("some other form of the payload")}
	all, _, err := readAll(t, Zip, forge([]entry{e}, nil, ""))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, ErrUnsupported) || !strings.Contains(all[0].Err.Error(), "wavpack") {
		t.Errorf("%+v, %v", all, err)
	}
	all, _, err = readAll(t, Zip, forge([]entry{listed("p", payload, 97)}, nil, ""))
	if err != nil || !holds(all) || !slices.Contains(all[1].Anomalies, AnomalyOtherMethod) {
		t.Errorf("stored under an unknown method: %+v, %v", all, err)
	}
}

func TestZip64(t *testing.T) {
	wide := func(v ...uint64) string {
		var b bytes.Buffer
		put(&b, uint16(1), uint16(8*len(v)))
		for _, n := range v {
			put(&b, n)
		}
		return b.String()
	}
	bend := func(h *head) {
		h.extra = wide(uint64(h.usize), uint64(h.csize))
		h.csize, h.usize = 0xffffffff, 0xffffffff
	}
	data := forge([]entry{{name: "p", method: 0, body: payload, local: bend, central: bend}}, nil, "")
	end := data[len(data)-endBytes:]
	size, off := uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	var b bytes.Buffer
	b.Write(data[:len(data)-endBytes])
	at := uint64(b.Len())
	put(&b, uint32(0x06064b50), uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(1), uint64(1), size, off)
	put(&b, uint32(0x07064b50), uint32(0), at, uint32(1))
	put(&b, uint32(0x06054b50), uint16(0), uint16(0), uint16(0xffff), uint16(0xffff), uint32(0xffffffff), uint32(0xffffffff), uint16(0))
	for _, prefix := range []string{"", "prefix"} {
		all, r, err := readAll(t, Zip, append([]byte(prefix), b.Bytes()...))
		if err != nil || len(all) != 1 || all[0].data != payload || all[0].err != nil || all[0].Reading != "central+local" {
			t.Fatalf("%q: %+v, %v", prefix, all, err)
		}
		notes := slices.DeleteFunc(noteNames(all, r), func(n string) bool { return n == AnomalyPrepended })
		if len(notes) > 0 {
			t.Errorf("%q: anomalies %v", prefix, notes)
		}
	}
}

// overlapping makes n members that all share one kernel (Fifield 2019, full overlap).
func overlapping(n int) []byte {
	var out, dir bytes.Buffer
	raw := pack(8, strings.Repeat("a", 1000))
	out.Write(forge([]entry{{name: "k", method: 8, body: strings.Repeat("a", 1000), raw: raw, unlisted: true}}, nil, "")[:localBytes+1+len(raw)])
	for i := range n {
		name := fmt.Sprintf("%06d", i)
		put(&dir, uint32(0x02014b50), uint16(20), uint16(20), uint16(0), uint16(8), uint32(0), uint32(0), uint32(len(raw)), uint32(1000),
			uint16(len(name)), uint16(0), uint16(0), uint16(0), uint16(0), uint32(0), uint32(0), name)
	}
	at, size := uint32(out.Len()), uint32(dir.Len())
	out.Write(dir.Bytes())
	put(&out, uint32(0x06054b50), uint16(0), uint16(0), uint16(n), uint16(n), size, at, uint16(0), "")
	return out.Bytes()
}

func TestZipFullOverlap(t *testing.T) {
	start := time.Now()
	all, _, err := readAll(t, Zip, overlapping(9000))
	if err != nil || len(all) != 1 || !slices.Contains(all[0].Anomalies, AnomalyNamesMany) {
		t.Errorf("%d members, %v", len(all), err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestZipQuotedOverlap quotes each local header in a stored block of the member
// before.
func TestZipQuotedOverlap(t *testing.T) {
	kernel := pack(8, payload)
	inner := forge([]entry{{name: "2", method: 8, body: payload, raw: kernel}}, nil, "")
	header := inner[:localBytes+1]
	quote := append([]byte{0, byte(len(header)), 0, ^byte(len(header)), 0xff}, header...)
	e1 := entry{name: "1", method: 8, body: string(header) + payload, raw: append(quote, kernel...)}
	e2 := entry{name: "2", method: 8, body: payload, raw: []byte{}, offset: -int64(len(header) + len(kernel))}
	data := forge([]entry{e1, e2}, nil, "")
	all, r, err := readAll(t, Zip, data)
	if err != nil || len(all) < 2 || all[0].data != string(header)+payload || all[1].data != payload {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if !slices.Contains(r.Anomalies(), AnomalyOverlap) {
		t.Errorf("anomalies %v", r.Anomalies())
	}
}

func TestZipManyMembers(t *testing.T) {
	var files []file
	for i := range 20_000 {
		files = append(files, file{fmt.Sprintf("f%d", i), "x", 0})
	}
	data := stdZip(t, files...)
	start := time.Now()
	r, err := Open(Zip, bytes.NewReader(data), int64(len(data)), Limits{Members: 19_999})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for ; ; n++ {
		if _, err = r.Next(); err != nil {
			break
		}
	}
	if n != 19_999 || !errors.Is(err, ErrLimit) {
		t.Errorf("%d members, %v", n, err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestMembersLimit(t *testing.T) {
	data := stdZip(t, file{"a", "", 0}, file{"b", "", 0}, file{"c", "", 0})
	for limit, want := range map[int]error{2: ErrLimit, 3: io.EOF, 4: io.EOF} {
		r, err := Open(Zip, bytes.NewReader(data), int64(len(data)), Limits{Members: limit})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, want) {
			t.Errorf("limit %d: %v, want %v", limit, err, want)
		}
	}
}

func TestNameBytesLimit(t *testing.T) {
	for limit, cut := range map[int]bool{4: true, 5: false, 6: false} {
		data := stdZip(t, file{"abcde", "", 0})
		r, err := Open(Zip, bytes.NewReader(data), int64(len(data)), Limits{NameBytes: limit})
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.Next()
		if err != nil || slices.Contains(m.Anomalies, AnomalyNameCut) != cut || len(m.Names[0]) > limit {
			t.Errorf("limit %d: %+v, %v", limit, m, err)
		}
	}
}

// TestReaderContract runs iotest over the bodies of every format.
func TestReaderContract(t *testing.T) {
	for f, data := range map[Format][]byte{
		Zip:   stdZip(t, file{"p", payload, 8}),
		Gzip:  append(stdGzip(t, "", payload[:100]), stdGzip(t, "", payload[100:])...),
		Bzip2: bzip2Of(""),
		Tar:   stdTar(t, 0, file{name: "p", data: payload}),
	} {
		want := payload
		if f == Bzip2 {
			want = "hello world\n"
		}
		r, err := Open(f, bytes.NewReader(data), int64(len(data)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, []byte(want)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Errorf("%s: Close: %v", f, err)
			}
		}
		if _, err := r.Next(); err == nil || err == io.EOF {
			t.Errorf("%s: Next after Close: %v", f, err)
		}
	}
}

// failing is a source that fails behind some offset.
type failing struct {
	*bytes.Reader
	from int64
	err  error
}

func (s failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > s.from {
		return 0, s.err
	}
	return s.Reader.ReadAt(p, off)
}

// TestSourceError: what the source answers must come through, and never look
// like a fault of the format or like the end.
func TestSourceError(t *testing.T) {
	broken := errors.New("disk on fire")
	for f, data := range map[Format][]byte{
		Zip:   stdZip(t, file{"p", payload, 8}),
		Gzip:  stdGzip(t, "", payload),
		Bzip2: bzip2Of(""),
		Tar:   stdTar(t, 0, file{name: "p", data: payload}),
	} {
		for from := range len(data) {
			src := failing{bytes.NewReader(data), int64(from), broken}
			r, err := Open(f, src, int64(len(data)), Limits{})
			for err == nil {
				if _, err = r.Next(); err == nil {
					_, err = io.Copy(io.Discard, r)
				}
			}
			if !errors.Is(err, broken) || errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: failing from %d: %v", f, from, err)
			}
		}
	}
}

// TestPeers reads what real archivers write.
func TestPeers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.js"), []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		format    Format
		args      []string
		encrypted bool
	}{
		"7z-zip":        {Zip, []string{"7z", "a", "-tzip", "OUT", "p.js"}, false},
		"7z-store":      {Zip, []string{"7z", "a", "-tzip", "-mx0", "OUT", "p.js"}, false},
		"7z-aes":        {Zip, []string{"7z", "a", "-tzip", "-psecret", "-mem=AES256", "OUT", "p.js"}, true},
		"7z-gzip":       {Gzip, []string{"7z", "a", "-tgzip", "OUT", "p.js"}, false},
		"7z-bzip2":      {Bzip2, []string{"7z", "a", "-tbzip2", "OUT", "p.js"}, false},
		"7z-tar":        {Tar, []string{"7z", "a", "-ttar", "OUT", "p.js"}, false},
		"zip":           {Zip, []string{"zip", "-q", "OUT", "p.js"}, false},
		"zip-encrypted": {Zip, []string{"zip", "-q", "-P", "secret", "OUT", "p.js"}, true},
		"zip-fz":        {Zip, []string{"sh", "-c", "zip -q -fz - p.js > OUT"}, false},
		"tar":           {Tar, []string{"tar", "-cf", "OUT", "p.js"}, false},
		"gzip":          {Gzip, []string{"sh", "-c", "gzip -9 < p.js > OUT"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tool := c.args[0]
			if tool == "sh" {
				tool = strings.Fields(c.args[2])[0]
			}
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip(err)
			}
			var args []string
			out := filepath.Join(dir, name+".out")
			for _, a := range c.args {
				args = append(args, strings.ReplaceAll(a, "OUT", out))
			}
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = dir
			if b, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, b)
			}
			found, _ := filepath.Glob(out + "*")
			if len(found) == 0 {
				t.Fatal("no file")
			}
			data, err := os.ReadFile(found[0])
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(Detect(bytes.NewReader(data), int64(len(data))), c.format) {
				t.Error("not detected")
			}
			all, r, err := readAll(t, c.format, data)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d members, %v", len(all), err)
			}
			if c.encrypted != all[0].Encrypted || c.encrypted != errors.Is(all[0].Err, ErrEncrypted) || holds(all) == c.encrypted {
				t.Errorf("%+v", all[0].Member)
			}
			if n := noteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
		})
	}
}

func TestZipEmpty(t *testing.T) {
	all, r, err := readAll(t, Zip, stdZip(t))
	if err != nil || len(all) != 0 || len(r.Anomalies()) > 0 {
		t.Errorf("%d members, %v, %v", len(all), r.Anomalies(), err)
	}
}

// TestZipDictionaries: a dictionary above the limit is an error, and only where it
// is needed.
func TestZipDictionaries(t *testing.T) {
	far := string(sampleBodies()["noise"])
	far = far + strings.Repeat(text(150_000), 2) + far
	for _, p := range packers {
		data := forge([]entry{p.entry(t, "p", far, nil)}, nil, "")
		for limit, want := range map[int64]error{1 << 16: ErrLimit, 8 << 20: nil} {
			r, err := Open(Zip, bytes.NewReader(data), int64(len(data)), Limits{Dictionary: limit})
			if err == nil {
				_, err = r.Next()
			}
			var n int64
			if err == nil {
				n, err = io.Copy(io.Discard, r)
			}
			if p.method != 93 && p.method != 20 {
				want = nil // these windows are as small
			}
			if !errors.Is(err, want) || err == nil && n != int64(len(far)) {
				t.Errorf("%s, %d: %d bytes, %v, want %v", p.name, limit, n, err, want)
			}
			r.Close()
		}
	}
}

// TestZipLZMALies: a dictionary that the header only claims is not allocated, and
// a distance beyond the limit is one.
func TestZipLZMALies(t *testing.T) {
	e := packers[8].entry(t, "p", payload, nil)
	le.PutUint32(e.raw[5:], 0xffffffff)
	all, _, err := readAll(t, Zip, forge([]entry{e}, nil, ""))
	if err != nil || all[0].data != payload || all[0].err != nil {
		t.Errorf("%v: %d bytes, %v", err, len(all[0].data), all[0].err)
	}
	noise := sampleBodies()["noise"]
	e = packers[8].entry(t, "p", noise+noise, nil)
	le.PutUint32(e.raw[5:], 0xffffffff)
	data := forge([]entry{e}, nil, "")
	r, err := Open(Zip, bytes.NewReader(data), int64(len(data)), Limits{Dictionary: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if n < int64(len(noise)) || !errors.Is(err, ErrLimit) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestZipSecretDirectory: an encrypted directory is an error, and local headers
// are found all the same.
func TestZipSecretDirectory(t *testing.T) {
	plain := forge([]entry{listed("p", payload, 8)}, nil, "")
	data := end64(plain, nil, escape32, nil, strings.Repeat("s", 28))
	i := bytes.Index(data, sigCentral)
	copy(data[i:], "noise")
	all, _, err := readAll(t, Zip, data)
	if !errors.Is(err, ErrEncrypted) || !holds(all) {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// TestZipMarkers: what stands before an archive that was to have volumes.
func TestZipMarkers(t *testing.T) {
	plain := forge([]entry{listed("p", payload, 8)}, nil, "")
	for marker, want := range map[string][]string{"PK00": nil, "PK\x07\x08": {AnomalyMultiDisk}} {
		all, r, err := readAll(t, Zip, append([]byte(marker), plain...))
		if err != nil || !holds(all) || !slices.Equal(noteNames(all, r), want) {
			t.Errorf("%q: %v, %v", marker, noteNames(all, r), err)
		}
	}
}
