package disk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestFATForged(t *testing.T) {
	for _, bits := range []int{12, 16, 32} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			all, _, err := archivetest.ReadAll(t, FAT, forgeFAT(bits, fatTree...))
			if err != nil || len(all) != 1 || all[0].Data != fatTree[0].body || all[0].Names[0] != "P.JS" {
				t.Errorf("%d members, %v", len(all), err)
			}
		})
	}
}

// TestFATMedium has a kind of medium that does not exist.
func TestFATMedium(t *testing.T) {
	image := forgeFAT(12, fatTree...)
	image[21] = 0xf1
	if !archivetest.Detects(image, FAT) {
		t.Error("not detected")
	}
}

func TestFATOddEntries(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, FAT, forgeFAT(12,
		fatEntry{short: "LABEL   JS ", attr: fatLabel, body: archivetest.Marker},
		fatEntry{short: "DIR        ", attr: fatDir, body: archivetest.Payload}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{archivetest.Marker, archivetest.Payload} {
		if !slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Data == want }) {
			t.Errorf("no member with %d bytes", len(want))
		}
	}
}

// TestFATChains: a loop, a chain that is too short, a place that is not there.
func TestFATChains(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, FAT, forgeFAT(12,
		fatEntry{short: "SHORT      ", body: archivetest.Marker, size: 5000},
		fatEntry{short: "NOWHERE    ", cluster: 0xffe, size: 10},
		fatEntry{short: "EMPTY   JS "}))
	if err != nil || len(all) != 3 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if g := all[0]; !strings.HasPrefix(g.Data, archivetest.Marker) || len(g.Data) != 512 || !errors.Is(g.Fault, level.ErrMalformed) {
		t.Errorf("short chain: %d bytes, %v", len(g.Data), g.Fault)
	}
	if g := all[1]; g.Data != "" || !errors.Is(g.Fault, level.ErrMalformed) {
		t.Errorf("no such cluster: %d bytes, %v", len(g.Data), g.Fault)
	}
	if g := all[2]; g.Data != "" || g.Fault != nil {
		t.Errorf("empty: %d bytes, %v", len(g.Data), g.Fault)
	}
	image := forgeFAT(32, fatEntry{short: "LOOP       ", body: archivetest.Marker, size: 0xffffffff})
	copy(image[512+3*4:], "\x03\x00\x00\x00")
	all, _, err = archivetest.ReadAll(t, FAT, image)
	if err != nil || len(all) != 1 || len(all[0].Data) > len(image) || !errors.Is(all[0].Fault, level.ErrMalformed) {
		t.Errorf("loop: %d bytes, %v", len(all[0].Data), err)
	}
}
