package archive

import (
	stdtar "archive/tar"
	stdzip "archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
)

// Bounds of one fuzz run.
const (
	fuzzMembers = 300     // Limits.Members
	fuzzOutput  = 1 << 20 // decoded bytes that are read in all
)

// fuzzRead reads a container within the bounds and checks what must hold for any
// input. It returns the bodies that were read to their end, and whether all was
// read.
func fuzzRead(t *testing.T, f Format, data []byte, decoder uint64) (bodies map[string]bool, complete bool) {
	return fuzzReadLimits(t, f, data, decoder, fuzzLimits(f))
}

// fuzzReadLimits is fuzzRead with other limits.
func fuzzReadLimits(t *testing.T, f Format, data []byte, decoder uint64, limits Limits) (bodies map[string]bool, complete bool) {
	var before, after runtime.MemStats
	sink := make([]byte, 8<<10)
	bodies = map[string]bool{}
	left := fuzzOutput
	var kept bytes.Buffer
	kept.Grow(fuzzOutput + len(sink))

	runtime.ReadMemStats(&before)
	r, err := Open(f, bytes.NewReader(data), int64(len(data)), limits)
	if err != nil {
		if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("Open: class of %v", err)
		}
		return nil, false
	}
	type body struct{ from, to int }
	var ends []body
	members := 0
	for left > 0 {
		m, err := r.Next()
		if err != nil {
			complete = err == io.EOF
			if !complete && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrEncrypted) {
				t.Fatalf("Next: class of %v", err)
			}
			if _, again := r.Next(); again != err {
				t.Fatalf("Next is not sticky: %v, then %v", err, again)
			}
			break
		}
		if members++; members > fuzzMembers {
			t.Fatal("more members than Limits allow")
		}
		from := kept.Len()
		for left > 0 {
			n, err := r.Read(sink)
			if n > 0 && m.Err != nil {
				t.Fatal("bytes of a member with Err")
			}
			left -= n
			kept.Write(sink[:n])
			if err != nil {
				if err != io.EOF && m.Err == nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrLimit) {
					t.Fatalf("Read: class of %v", err)
				}
				break
			}
		}
		ends = append(ends, body{from, kept.Len()})
	}
	r.Close()
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, decoder+1<<20+256*uint64(len(data)); used > most {
		t.Fatalf("%d bytes allocated for %d of input", used, len(data))
	}
	for _, b := range ends {
		bodies[kept.String()[b.from:b.to]] = true
	}
	return bodies, complete && left > 0
}

// fuzzLimits keep the tables of a zip file's decoders small, so that the bound on
// allocations means something.
func fuzzLimits(f Format) Limits {
	l := Limits{Members: fuzzMembers}
	if f == Zip {
		l.Dictionary = 1 << 20
	}
	return l
}

// zipTables is what the decoders of one zip file may allocate under fuzzLimits:
// those that cannot be used twice, and one of each of the others.
const zipTables = dictionaries<<20 + 32<<20

func FuzzZip(f *testing.F) {
	for _, z := range forged(f) {
		f.Add(z.data)
	}
	for _, p := range packers {
		f.Add(forge([]entry{p.entry(f, "p", payload, nil)}, nil, ""))
	}
	for _, m := range []uint16{9, 12, 98} {
		f.Add(forge([]entry{{name: "p", method: m, raw: []byte("BZh91AY&SY and so on")}}, nil, ""))
	}
	f.Add(stdZip(f, file{"a", "a", 0}, file{"b/", "", 0}, file{"c", payload, 8}))
	f.Fuzz(func(t *testing.T, data []byte) {
		bodies, complete := fuzzRead(t, Zip, data, zipTables)
		if complete {
			compareStd(t, data, bodies)
		}
	})
}

// compareStd fails if the standard library reads a body with the right CRC that
// is not among ours.
func compareStd(t *testing.T, data []byte, bodies map[string]bool) {
	z, err := stdzip.NewReader(bytes.NewReader(data), int64(len(data)))
	if z == nil || err != nil && !errors.Is(err, stdzip.ErrInsecurePath) {
		return
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(r, fuzzOutput))
		r.Close()
		if err == nil && len(body) > 0 && len(body) < fuzzOutput && crc32.ChecksumIEEE(body) == f.CRC32 && !bodies[string(body)] {
			t.Fatalf("the standard library reads %.80q as %.80q, and we do not", f.Name, body)
		}
	}
}

func FuzzTar(f *testing.F) {
	for _, format := range []stdtar.Format{stdtar.FormatUSTAR, stdtar.FormatPAX, stdtar.FormatGNU} {
		name := "p.js"
		if format != stdtar.FormatUSTAR {
			name = strings.Repeat("long/", 60) + name
		}
		f.Add(stdTar(f, format, file{name: "a", data: "a"}, file{name: name, data: payload}))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, Tar, data, 0) })
}

func FuzzGzip(f *testing.F) {
	one := stdGzip(f, "a.js", payload)
	f.Add(one)
	f.Add(append(one, one...))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, Gzip, data, 0) })
}

func FuzzBzip2(f *testing.F) {
	f.Add(bzip2Of("", ""))
	f.Add(bzip2Of("", "junk", ""))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, Bzip2, data, maxGaps*4<<20) })
}

func FuzzDetect(f *testing.F) {
	f.Add(stdZip(f, file{"a", "a", 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range Detect(bytes.NewReader(data), int64(len(data))) {
			r, err := Open(format, bytes.NewReader(data), int64(len(data)), Limits{})
			if err == nil {
				r.Close()
			}
		}
	})
}
