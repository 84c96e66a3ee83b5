package zip

import (
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
		data := forge([]entry{{name: "p", method: 8, body: archivetest.Payload, raw: noise, local: bend, central: bend}, listed("o", "plain", 0)}, nil, "")
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 2 {
			t.Fatalf("%s: %d members, %v", name, len(all), err)
		}
		if m := all[0]; !m.Encrypted || !errors.Is(m.Err, level.ErrEncrypted) || m.Data != "" || !errors.Is(m.Fault, level.ErrEncrypted) {
			t.Errorf("%s: %+v, %v", name, m.Member, m.Fault)
		}
		if all[1].Data != "plain" || all[1].Encrypted {
			t.Errorf("%s: the plain member: %+v", name, all[1])
		}
	}
}

func TestZipUnsupportedMethod(t *testing.T) {
	e := entry{name: "p", method: 97, body: archivetest.Payload, raw: []byte("some other form of the payload")}
	all, _, err := archivetest.ReadAll(t, Format, forge([]entry{e}, nil, ""))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrUnsupported) || !strings.Contains(all[0].Err.Error(), "wavpack") {
		t.Errorf("%+v, %v", all, err)
	}
	all, _, err = archivetest.ReadAll(t, Format, forge([]entry{listed("p", archivetest.Payload, 97)}, nil, ""))
	if err != nil || !archivetest.Holds(all) || !slices.Contains(all[1].Anomalies, anomaly.OtherMethod) {
		t.Errorf("stored under an unknown method: %+v, %v", all, err)
	}
}

func TestZip64(t *testing.T) {
	wide := func(v ...uint64) string {
		var b bytes.Buffer
		archivetest.Put(&b, uint16(1), uint16(8*len(v)))
		for _, n := range v {
			archivetest.Put(&b, n)
		}
		return b.String()
	}
	bend := func(h *head) {
		h.extra = wide(uint64(h.usize), uint64(h.csize))
		h.csize, h.usize = 0xffffffff, 0xffffffff
	}
	data := forge([]entry{{name: "p", method: 0, body: archivetest.Payload, local: bend, central: bend}}, nil, "")
	end := data[len(data)-endBytes:]
	size, off := uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	var b bytes.Buffer
	b.Write(data[:len(data)-endBytes])
	at := uint64(b.Len())
	archivetest.Put(&b, uint32(0x06064b50), uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(1), uint64(1), size, off)
	archivetest.Put(&b, uint32(0x07064b50), uint32(0), at, uint32(1))
	archivetest.Put(&b, uint32(0x06054b50), uint16(0), uint16(0), uint16(0xffff), uint16(0xffff), uint32(0xffffffff), uint32(0xffffffff), uint16(0))
	for _, prefix := range []string{"", "prefix"} {
		all, r, err := archivetest.ReadAll(t, Format, append([]byte(prefix), b.Bytes()...))
		if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload || all[0].Fault != nil || all[0].Reading != "central+local" {
			t.Fatalf("%q: %+v, %v", prefix, all, err)
		}
		notes := slices.DeleteFunc(archivetest.NoteNames(all, r), func(n string) bool { return n == anomaly.Prepended })
		if len(notes) > 0 {
			t.Errorf("%q: anomalies %v", prefix, notes)
		}
	}
}

// overlapping makes n members that all share one kernel (Fifield 2019, full overlap).
func overlapping(n int) []byte {
	var out, dir bytes.Buffer
	raw := archivetest.Pack(8, strings.Repeat("a", 1000))
	out.Write(forge([]entry{{name: "k", method: 8, body: strings.Repeat("a", 1000), raw: raw, unlisted: true}}, nil, "")[:localBytes+1+len(raw)])
	for i := range n {
		name := fmt.Sprintf("%06d", i)
		archivetest.Put(&dir, uint32(0x02014b50), uint16(20), uint16(20), uint16(0), uint16(8), uint32(0), uint32(0), uint32(len(raw)), uint32(1000),
			uint16(len(name)), uint16(0), uint16(0), uint16(0), uint16(0), uint32(0), uint32(0), name)
	}
	at, size := uint32(out.Len()), uint32(dir.Len())
	out.Write(dir.Bytes())
	archivetest.Put(&out, uint32(0x06054b50), uint16(0), uint16(0), uint16(n), uint16(n), size, at, uint16(0), "")
	return out.Bytes()
}

func TestZipFullOverlap(t *testing.T) {
	data := overlapping(9000)
	src := &archivetest.Counter{R: bytes.NewReader(data)}
	all, _, err := archivetest.ReadFrom(t, Format, src, int64(len(data)))
	if err != nil || len(all) != 1 || !slices.Contains(all[0].Anomalies, anomaly.NamesMany) {
		t.Errorf("%d members, %v", len(all), err)
	}
	src.Check(t, int64(len(data)), len(all), 0)
}

// TestZipQuotedOverlap quotes each local header in a stored block of the member
// before.
func TestZipQuotedOverlap(t *testing.T) {
	kernel := archivetest.Pack(8, archivetest.Payload)
	inner := forge([]entry{{name: "2", method: 8, body: archivetest.Payload, raw: kernel}}, nil, "")
	header := inner[:localBytes+1]
	quote := append([]byte{0, byte(len(header)), 0, ^byte(len(header)), 0xff}, header...)
	e1 := entry{name: "1", method: 8, body: string(header) + archivetest.Payload, raw: append(quote, kernel...)}
	e2 := entry{name: "2", method: 8, body: archivetest.Payload, raw: []byte{}, offset: -int64(len(header) + len(kernel))}
	data := forge([]entry{e1, e2}, nil, "")
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) < 2 || all[0].Data != string(header)+archivetest.Payload || all[1].Data != archivetest.Payload {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if !slices.Contains(r.Anomalies(), anomaly.Overlap) {
		t.Errorf("anomalies %v", r.Anomalies())
	}
}

func TestZipManyMembers(t *testing.T) {
	var files []archivetest.File
	for i := range 20_000 {
		files = append(files, archivetest.File{Name: fmt.Sprintf("f%d", i), Data: "x", Method: 0})
	}
	data := archivetest.StdZip(t, files...)
	src := &archivetest.Counter{R: bytes.NewReader(data)}
	r, err := level.Open(Format, src, int64(len(data)), level.Limits{Members: 19_999})
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
	if n != 19_999 || !errors.Is(err, level.ErrLimit) {
		t.Errorf("%d members, %v", n, err)
	}
	src.Check(t, int64(len(data)), n, 0)
}

func TestMembersLimit(t *testing.T) {
	data := archivetest.StdZip(t, archivetest.File{Name: "a", Data: "", Method: 0}, archivetest.File{Name: "b", Data: "", Method: 0}, archivetest.File{Name: "c", Data: "", Method: 0})
	for limit, want := range map[int]error{2: level.ErrLimit, 3: io.EOF, 4: io.EOF} {
		r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Members: limit})
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
		data := archivetest.StdZip(t, archivetest.File{Name: "abcde", Data: "", Method: 0})
		r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{NameBytes: limit})
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.Next()
		if err != nil || slices.Contains(m.Anomalies, anomaly.NameCut) != cut || len(m.Names[0]) > limit {
			t.Errorf("limit %d: %+v, %v", limit, m, err)
		}
	}
}

func TestZipEmpty(t *testing.T) {
	all, r, err := archivetest.ReadAll(t, Format, archivetest.StdZip(t))
	if err != nil || len(all) != 0 || len(r.Anomalies()) > 0 {
		t.Errorf("%d members, %v, %v", len(all), r.Anomalies(), err)
	}
}

// TestZipDictionaries: a dictionary above the limit is an error, and only where it
// is needed.
func TestZipDictionaries(t *testing.T) {
	far := string(archivetest.SampleBodies()["noise"])
	far = far + strings.Repeat(archivetest.Text(150_000), 2) + far
	for _, p := range packers {
		data := forge([]entry{p.entry(t, "p", far, nil)}, nil, "")
		for limit, want := range map[int64]error{1 << 16: level.ErrLimit, 8 << 20: nil} {
			r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Dictionary: limit})
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
	e := packers[8].entry(t, "p", archivetest.Payload, nil)
	le.PutUint32(e.raw[5:], 0xffffffff)
	all, _, err := archivetest.ReadAll(t, Format, forge([]entry{e}, nil, ""))
	if err != nil || all[0].Data != archivetest.Payload || all[0].Fault != nil {
		t.Errorf("%v: %d bytes, %v", err, len(all[0].Data), all[0].Fault)
	}
	noise := archivetest.SampleBodies()["noise"]
	e = packers[8].entry(t, "p", noise+noise, nil)
	le.PutUint32(e.raw[5:], 0xffffffff)
	data := forge([]entry{e}, nil, "")
	r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Dictionary: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if n < int64(len(noise)) || !errors.Is(err, level.ErrLimit) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestZipSecretDirectory: an encrypted directory is an error, and local headers
// are found all the same.
func TestZipSecretDirectory(t *testing.T) {
	plain := forge([]entry{listed("p", archivetest.Payload, 8)}, nil, "")
	data := end64(plain, nil, escape32, nil, strings.Repeat("s", 28))
	i := bytes.Index(data, sigCentral)
	copy(data[i:], "noise")
	all, _, err := archivetest.ReadAll(t, Format, data)
	if !errors.Is(err, level.ErrEncrypted) || !archivetest.Holds(all) {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// TestZipMarkers: what stands before an archive that was to have volumes.
func TestZipMarkers(t *testing.T) {
	plain := forge([]entry{listed("p", archivetest.Payload, 8)}, nil, "")
	for marker, want := range map[string][]string{"PK00": nil, "PK\x07\x08": {anomaly.MultiDisk}} {
		all, r, err := archivetest.ReadAll(t, Format, append([]byte(marker), plain...))
		if err != nil || !archivetest.Holds(all) || !slices.Equal(archivetest.NoteNames(all, r), want) {
			t.Errorf("%q: %v, %v", marker, archivetest.NoteNames(all, r), err)
		}
	}
}
