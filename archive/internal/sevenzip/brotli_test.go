package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

const brotliMethod, brotliProps = "\x04\xf7\x11\x02", "\x01\x00\x05"

func brotliOf(t testing.TB, body string, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, quality)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func brotliFramed(stream []byte, size int) []byte {
	head := binary.LittleEndian.AppendUint32([]byte("\x50\x2a\x4d\x18\x08\x00\x00\x00"), uint32(len(stream)))
	head = append(head, "BR"...)
	return append(binary.LittleEndian.AppendUint16(head, uint16(size>>16+1)), stream...)
}

func TestBrotli(t *testing.T) {
	for name, body := range archivetest.SampleBodies() {
		half := len(body) / 2
		for how, raw := range map[string][]byte{
			"bare":   brotliOf(t, body, 5),
			"best":   brotliOf(t, body, 11),
			"framed": append(brotliFramed(brotliOf(t, body[:half], 1), half), brotliFramed(brotliOf(t, body[half:], 3), len(body)-half)...),
		} {
			archivetest.WantBody(t, Format, packed(brotliMethod, []byte(brotliProps), raw, body), body)
			if t.Failed() {
				t.Fatal(name, how)
			}
		}
	}
}

// What comes before damage is yielded, and the damage is told.
func TestBrotliBroken(t *testing.T) {
	body := strings.Repeat(archivetest.Payload, 10)
	good := brotliOf(t, body, 5)
	frame := brotliFramed(good, len(body))
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"garbage":       {append(bytes.Clone(good), "garbage"...), body},
		"frame garbage": {append(bytes.Clone(frame), "garbage that is no stream"...), body},
		"frame cut":     {append(bytes.Clone(frame), frame[:12]...), body},
		"no more":       {frame, body},
		"none":          {[]byte("\xff\xff\xff\xff"), ""},
		"nothing":       {nil, ""},
	} {
		all, _, err := archivetest.ReadAll(t, Format, packed(brotliMethod, nil, c.raw, c.want+"more"))
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d members, %v", name, len(all), err)
		}
		if !strings.HasPrefix(all[0].Data, c.want) || !errors.Is(all[0].Fault, level.ErrMalformed) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(all[0].Data), len(c.want), all[0].Fault)
		}
	}
}

// TestBrotliJudge unpacks what the brotli command packs.
func TestBrotliJudge(t *testing.T) {
	for name, body := range archivetest.SampleBodies() {
		raw := archivetest.Tool(t, body, "brotli", "-c", "-q", "9")
		archivetest.WantBody(t, Format, packed(brotliMethod, []byte(brotliProps), raw, body), body)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
