package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// lz4Frame is one frame of lz4.
func lz4Frame(t testing.TB, body string, options ...lz4.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	if err := w.Apply(options...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// skippable stands before the frames of a packer with several threads.
func skippable(packed []byte) []byte {
	head := binary.LittleEndian.AppendUint32([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00"), uint32(len(packed)))
	return append(head, packed...)
}

// packed is an archive of one file.
func packed(method string, props, raw []byte, body string) []byte {
	return forged{
		packed: raw, method: []byte(method), props: props, unpacked: int64(len(body)),
		crcs: []uint32{crc32.ChecksumIEEE([]byte(body))}, names: []string{"a.txt"},
	}.bytes()
}

const lz4Method, lz4Props = "\x04\xf7\x11\x04", "\x01\x07\x01\x00\x00"

func TestLZ4(t *testing.T) {
	for name, body := range archivetest.SampleBodies() {
		half := len(body) / 2
		for how, raw := range map[string][]byte{
			"bare":   lz4Frame(t, body),
			"linked": lz4Frame(t, body, lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false)),
			"framed": append(skippable(lz4Frame(t, body[:half])), skippable(lz4Frame(t, body[half:]))...),
		} {
			archivetest.WantBody(t, Format, packed(lz4Method, []byte(lz4Props), raw, body), body)
			if t.Failed() {
				t.Fatal(name, how)
			}
		}
	}
}

// What comes before damage is yielded, and the damage is told.
func TestLZ4Broken(t *testing.T) {
	body := strings.Repeat(archivetest.Payload, 10)
	good := lz4Frame(t, body)
	badSum := bytes.Clone(good)
	badSum[len(badSum)-1]++
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"cut":     {append(bytes.Clone(good), skippable(good[:8])...), body},
		"garbage": {append(bytes.Clone(good), "garbage"...), body},
		"sum":     {append(badSum, good...), body + body},
		"none":    {[]byte("no frame"), ""},
		"nothing": {nil, ""},
	} {
		all, _, err := archivetest.ReadAll(t, Format, packed(lz4Method, nil, c.raw, c.want+"more"))
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d members, %v", name, len(all), err)
		}
		if all[0].Data != c.want || !errors.Is(all[0].Fault, level.ErrMalformed) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(all[0].Data), len(c.want), all[0].Fault)
		}
	}
}

// FuzzMethods decodes a stream with the methods that are not of 7-Zip's own header.
func FuzzMethods(f *testing.F) {
	methods := []string{lz4Method, "\x04\x01\x09", "\x0b", "\x02\x03\x04", brotliMethod}
	for i := range methods {
		f.Add(byte(i), lz4Frame(f, archivetest.Payload))
		f.Add(byte(i), append(skippable(lz4Frame(f, archivetest.Payload)), lz4Frame(f, "x", lz4.BlockSizeOption(lz4.Block64Kb))...))
		f.Add(byte(i), archivetest.Pack(8, archivetest.Payload))
		f.Add(byte(i), archivetest.PackedProgram(200))
		f.Add(byte(i), brotliOf(f, archivetest.Payload, 5))
		f.Add(byte(i), brotliFramed(brotliOf(f, archivetest.Payload, 5), 1))
	}
	f.Fuzz(func(t *testing.T, method byte, raw []byte) {
		z := forged{packed: raw, method: []byte(methods[int(method)%len(methods)]), unpacked: 1 << 30, crcs: []uint32{0}, names: []string{"a"}}
		archivetest.FuzzReadLimits(t, Format, z.bytes(), 32<<20, level.Limits{Members: archivetest.FuzzMembers})
	})
}
