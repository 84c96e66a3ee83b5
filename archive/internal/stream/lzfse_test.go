package stream

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzfse/lzfsetest"
)

func TestLZFSE(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		if name == "empty" {
			continue
		}
		data := []byte(body)
		for how, packed := range map[string][]byte{
			"v1": lzfsetest.Pack(data, true), "v2": lzfsetest.Pack(data, false),
			"lzvn": append(lzfsetest.LZVNBlock(data), "bvx$"...), "stored": append(lzfsetest.StoredBlock(data), "bvx$"...),
		} {
			t.Run(name+how, func(t *testing.T) { archivetest.WantBody(t, LZFSE, packed, body) })
		}
	}
}

func TestLZFSEPeers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		if name != "empty" {
			t.Run(name, func(t *testing.T) {
				archivetest.WantBody(t, LZFSE, archivetest.Tool(t, body, "lzfse", "-encode"), body)
			})
		}
	}
}

func TestLZFSEForged(t *testing.T) {
	one := lzfsetest.Pack([]byte(archivetest.Payload), false)
	stored := append(lzfsetest.StoredBlock([]byte(archivetest.Payload)), "bvx$"...)
	long := bytes.Clone(stored)
	long[7] = 0x10
	for name, c := range map[string]struct {
		data    []byte
		want    string
		class   error
		anomaly string
		members int
	}{
		"two":      {append(bytes.Clone(one), stored...), archivetest.Payload + archivetest.Payload, nil, "", 1},
		"no end":   {one[:len(one)-4], archivetest.Payload, level.ErrMalformed, anomaly.Truncated, 1},
		"cut":      {stored[:len(stored)-10], archivetest.Payload[:50], level.ErrMalformed, anomaly.Truncated, 1},
		"too long": {long, archivetest.Payload, level.ErrMalformed, anomaly.Truncated, 1},
		"behind":   {append(bytes.Clone(one), "PK\x03\x04 and more"...), archivetest.Payload, nil, anomaly.Appended, 2},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, LZFSE, c.data)
			if err != nil || len(all) != c.members || !archivetest.Detects(c.data, LZFSE) {
				t.Fatalf("%d members, %v", len(all), err)
			}
			if !strings.HasPrefix(all[0].Data, c.want) || !errors.Is(all[0].Fault, c.class) {
				t.Errorf("%d bytes, %v", len(all[0].Data), all[0].Fault)
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
		})
	}
	if archivetest.Detects([]byte("bvx2 is how it begins"), LZFSE) {
		t.Error("a text")
	}
}

func FuzzLZFSE(f *testing.F) {
	data := []byte(archivetest.Payload)
	for _, b := range [][]byte{lzfsetest.Pack(data, true), lzfsetest.Pack(data, false), lzfsetest.LZVNBlock(data), lzfsetest.StoredBlock(data)} {
		f.Add(b)
		f.Add(append(append(bytes.Clone(b), "bvx$"...), b...))
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, LZFSE, data, 4<<20) })
}
