package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFATForged(t *testing.T) {
	for _, bits := range []int{12, 16, 32} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			all, _, err := readAll(t, FAT, forgeFAT(bits, fatTree...))
			if err != nil || len(all) != 1 || all[0].data != fatTree[0].body || all[0].Names[0] != "P.JS" {
				t.Errorf("%d members, %v", len(all), err)
			}
		})
	}
}

// TestFATMedium has a kind of medium that does not exist.
func TestFATMedium(t *testing.T) {
	image := forgeFAT(12, fatTree...)
	image[21] = 0xf1
	if !slices.Contains(Detect(readerAt(image), int64(len(image))), FAT) {
		t.Error("not detected")
	}
}

func TestFATOddEntries(t *testing.T) {
	all, _, err := readAll(t, FAT, forgeFAT(12,
		fatEntry{short: "LABEL   JS ", attr: fatLabel, body: marker},
		fatEntry{short: "DIR        ", attr: fatDir, body: payload}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{marker, payload} {
		if !slices.ContainsFunc(all, func(g got) bool { return g.data == want }) {
			t.Errorf("no member with %d bytes", len(want))
		}
	}
}

// TestFATChains: a loop, a chain that is too short, a place that is not there.
func TestFATChains(t *testing.T) {
	all, _, err := readAll(t, FAT, forgeFAT(12,
		fatEntry{short: "SHORT      ", body: marker, size: 5000},
		fatEntry{short: "NOWHERE    ", cluster: 0xffe, size: 10},
		fatEntry{short: "EMPTY   JS "}))
	if err != nil || len(all) != 3 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if g := all[0]; !strings.HasPrefix(g.data, marker) || len(g.data) != 512 || !errors.Is(g.err, ErrMalformed) {
		t.Errorf("short chain: %d bytes, %v", len(g.data), g.err)
	}
	if g := all[1]; g.data != "" || !errors.Is(g.err, ErrMalformed) {
		t.Errorf("no such cluster: %d bytes, %v", len(g.data), g.err)
	}
	if g := all[2]; g.data != "" || g.err != nil {
		t.Errorf("empty: %d bytes, %v", len(g.data), g.err)
	}
	image := forgeFAT(32, fatEntry{short: "LOOP       ", body: marker, size: 0xffffffff})
	copy(image[512+3*4:], "\x03\x00\x00\x00")
	all, _, err = readAll(t, FAT, image)
	if err != nil || len(all) != 1 || len(all[0].data) > len(image) || !errors.Is(all[0].err, ErrMalformed) {
		t.Errorf("loop: %d bytes, %v", len(all[0].data), err)
	}
}
