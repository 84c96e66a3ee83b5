package scanner

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
)

// memberWatcher notes what it is shown.
type memberWatcher struct{ seen, inspected []string }

func (*memberWatcher) Name() string { return "watch" }

func (w *memberWatcher) Inspect(_ context.Context, o *Object) ([]Finding, error) {
	w.inspected = append(w.inspected, o.Path)
	return nil, nil
}

func (w *memberWatcher) InspectMember(_ context.Context, o *Object) ([]Finding, error) {
	if _, err := o.Bytes(); err != ErrReleased {
		return nil, fmt.Errorf("bytes: %v", err)
	}
	w.seen = append(w.seen, fmt.Sprintf("%s %+v", o.Path, *o.Member))
	return []Finding{{Signature: "Seen." + o.Path, Class: ClassNotice}}, nil
}

// Every member is looked at once: those of equal bytes, those that are encrypted,
// whatever becomes of them.
func TestMemberEngine(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	same, locked := crc32.ChecksumIEEE([]byte("same")), uint32(12345)
	add := func(name, body string, crc uint32) {
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, CRC32: crc,
			CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(body))})
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(body))
	}
	add("a", "same", same)
	add("d/a", "same", same)
	add("locked", "twelve bytes and some", locked)
	add("a", "same", same)
	z.Close()
	name := []byte("locked")
	b.Bytes()[bytes.Index(b.Bytes(), name)-24] |= 1 // the flag of encryption, in the local header
	b.Bytes()[bytes.LastIndex(b.Bytes(), name)-38] |= 1
	w := &memberWatcher{}
	s, err := New(Config{Engines: []Engine{w}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.ScanFile(context.Background(), "t.zip", &b)
	if err != nil {
		t.Fatal(err)
	}
	size := report.Objects[0].Size
	member := func(path string, position, bytes int, crc uint32, encrypted bool) string {
		return fmt.Sprintf("%s %+v", path, Member{Container: "zip", ContainerSize: size, Position: position, PackedSize: int64(bytes), RealSize: int64(bytes), CRC32: crc, Encrypted: encrypted})
	}
	want := []string{
		member("t.zip/a", 1, 4, same, false), member("t.zip/d/a", 2, 4, same, false),
		member("t.zip/locked", 3, 21, locked, true), member("t.zip/a#2", 4, 4, same, false),
	}
	if !slices.Equal(w.seen, want) {
		t.Errorf("seen %q\nwant %q", w.seen, want)
	}
	if !slices.Equal(w.inspected, []string{"t.zip", "t.zip/a", "t.zip/d/a"}) {
		t.Errorf("inspected %q", w.inspected)
	}
	for _, o := range report.Objects[1:] {
		if len(o.Findings) != 1 || o.Findings[0].Signature != "Seen."+o.Path || o.Findings[0].Engine != "watch" {
			t.Errorf("%s: %v", o.Path, o.Findings)
		}
	}
}

// nameRule finds every member by what its container says.
type nameRule struct{}

func (nameRule) Name() string                                        { return "names" }
func (nameRule) Inspect(context.Context, *Object) ([]Finding, error) { return nil, nil }
func (nameRule) InspectMember(_ context.Context, o *Object) ([]Finding, error) {
	if o.Member == nil { // it stands in the message itself
		return nil, nil
	}
	return []Finding{{Signature: "Name", Class: ClassMalicious}}, nil
}

// An object that is known to be harmless is so each time it comes.
func TestAllowedAgain(t *testing.T) {
	allow := engineFunc(func(_ context.Context, o *Object) ([]Finding, error) {
		if o.Name() == "known.bin" {
			return []Finding{{Signature: "Known", Class: ClassAllowed}}, nil
		}
		return nil, nil
	})
	s := newScanner(t, Config{Engines: []Engine{nameRule{}, allow}})
	known := part{name: "known.bin", body: []byte("harmless")}
	first, second := zipped(t, known), zipped(t, known, part{name: "known.bin", body: []byte("also harmless")})
	for want, mail := range map[Verdict]string{
		VerdictClean:     mail(part{name: "a.zip", body: first}, part{name: "b.zip", body: second}),
		VerdictMalicious: mail(part{name: "a.zip", body: first}, part{name: "b.zip", body: zipped(t, part{name: "other.bin", body: known.body})}),
	} {
		if r := scanString(t, s, mail); r.Verdict != want {
			t.Errorf("%v, want %v", r.Verdict, want)
		}
	}
}
