package disk

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// isoTools are ways to write a disc image.
func TestISOTools(t *testing.T) {
	for name, args := range map[string][]string{
		"genisoimage-plain":  {"genisoimage", "-quiet", "-iso-level", "4", "-allow-multidot", "-allow-lowercase"},
		"genisoimage-joliet": {"genisoimage", "-quiet", "-J", "-joliet-long"},
		"genisoimage-rock":   {"genisoimage", "-quiet", "-R"},
		"genisoimage-both":   {"genisoimage", "-quiet", "-R", "-J"},
		"genisoimage-udf":    {"genisoimage", "-quiet", "-udf", "-J"},
		"xorriso":            {"xorriso", "-as", "mkisofs", "-quiet", "-R", "-J"},
		"xorriso-partition":  {"xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-partition_offset", "16"},
	} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "disc.iso")
			archivetest.Run(t, args[0], append(args[1:], "-o", image, archivetest.Plant(t, archivetest.TreeFiles()))...)
			archivetest.CheckTree(t, ISO, archivetest.Slurp(t, image), archivetest.TreeFiles())
		})
	}
}

// TestISODeep has folders below the eighth level, which Rock Ridge moves, and
// names that need several entries.
func TestISODeep(t *testing.T) {
	files := map[string]string{strings.Repeat("deep/", 12) + strings.Repeat("x", 240) + ".js": archivetest.Payload}
	image := filepath.Join(t.TempDir(), "disc.iso")
	archivetest.Run(t, "genisoimage", "-quiet", "-R", "-o", image, archivetest.Plant(t, files))
	all, _, err := archivetest.ReadAll(t, ISO, archivetest.Slurp(t, image))
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, files)
}

func TestISOSessions(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disc.iso")
	archivetest.Run(t, "xorriso", "-outdev", image, "-map", archivetest.Plant(t, map[string]string{"old.txt": "old", "gone.js": archivetest.Payload}), "/", "-commit")
	archivetest.Run(t, "xorriso", "-dev", image, "-rm", "/gone.js", "--", "-map", archivetest.Plant(t, map[string]string{"new.txt": "new"}), "/", "-commit")
	all, r, err := archivetest.ReadAll(t, ISO, archivetest.Slurp(t, image))
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatal(err, archivetest.NoteNames(all, r))
	}
	archivetest.CheckFiles(t, all, map[string]string{"old.txt": "old", "new.txt": "new", "gone.js": archivetest.Payload})
}

func TestISOBoot(t *testing.T) {
	boot := []byte(strings.Repeat("\xeb\xfe boot ", 300))
	files := map[string]string{"isolinux.bin": string(boot), "a.txt": "a"}
	image := filepath.Join(t.TempDir(), "disc.iso")
	archivetest.Run(t, "genisoimage", "-quiet", "-R", "-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-hide", "isolinux.bin", "-o", image, archivetest.Plant(t, files))
	all, _, err := archivetest.ReadAll(t, ISO, archivetest.Slurp(t, image))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, g := range all {
		found = found || strings.HasPrefix(g.Names[0], "[BOOT]/") && len(g.Data) == 2048 && strings.HasPrefix(g.Data, "\xeb\xfe boot")
	}
	if !found {
		t.Error("no boot image")
	}
}

func TestISOZisofs(t *testing.T) {
	body := strings.Repeat("compressed as mkzftree does ", 5000) + archivetest.Marker
	packed := zisofsOf(body)
	zf := "ZF\x10\x01pz\x04\x0f" + "\x00\x00\x00\x00\x00\x00\x00\x00"
	all, _, err := archivetest.ReadAll(t, ISO, isoOf(isoEntry{name: "Z", body: packed, rock: zf}).image())
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, map[string]string{"Z": body}, archivetest.AnyFiles)
}

// rawSectors is an image as a dump of whole sectors.
func rawSectors(image []byte, stride, skip int) []byte {
	var out []byte
	for ; len(image) >= isoSector; image = image[isoSector:] {
		s := bytes.Repeat([]byte{0xaa}, stride)
		copy(s[skip:], image[:isoSector])
		out = append(out, s...)
	}
	return out
}

func TestISOSectors(t *testing.T) {
	image := isoOf(isoEntry{name: "P.JS;1", body: strings.Repeat(archivetest.Payload, 20)}).image()
	for _, l := range isoLayouts {
		t.Run(fmt.Sprint(l), func(t *testing.T) {
			archivetest.CheckTree(t, ISO, rawSectors(image, int(l.stride), int(l.skip)), map[string]string{"P.JS": strings.Repeat(archivetest.Payload, 20)})
		})
	}
}

func TestISOForged(t *testing.T) {
	// Two bytes of a body are moved to another place in the other byte order.
	const other = isoForgeBodies + 1
	forged := map[string]struct {
		forge   *isoForge
		anomaly string
	}{
		"joliet-only": {isoOf(isoEntry{name: "p.js", body: archivetest.Payload, joliet: true}), ""},
		"big-endian": {isoOf(isoEntry{name: "O", body: strings.Repeat("o", len(archivetest.Payload)), bend: func(r []byte) { r[9] = other }},
			isoEntry{name: "HIDDEN", body: archivetest.Payload, bend: func(r []byte) { r[2], r[9] = 26, 26 }}), anomaly.ISOField},
		"attribute-record": {isoOf(isoEntry{name: "P", body: string(make([]byte, isoSector)) + archivetest.Payload, bend: func(r []byte) {
			r[1] = 1
		}}), anomaly.ISOField},
		"interleaved": {isoOf(isoEntry{name: "P", body: archivetest.Payload[:100] + string(make([]byte, 3*isoSector-100)) + archivetest.Marker, bend: func(r []byte) {
			r[26], r[27] = 1, 2
		}}), anomaly.Interleaved},
		"associated": {isoOf(isoEntry{name: "P", body: archivetest.Payload, flags: 4}), ""},
		"late-descriptor": {&isoForge{entries: []isoEntry{{name: "P", body: archivetest.Payload}, {name: "PAD", body: string(make([]byte, 40*isoSector))}}, bend: func(b []byte) {
			s := b[isoForgePVD*isoSector:][:isoSector]
			copy(b[50*isoSector:], s)
			clear(b[isoForgePVD*isoSector : 20*isoSector])
		}}, ""},
		"path-table": {&isoForge{entries: []isoEntry{{name: "PAD", body: string(make([]byte, isoSector))}, {name: "P", body: archivetest.Payload}}, bend: func(b []byte) {
			root := b[isoForgeRoot*isoSector:][:isoSector]
			dir := b[isoForgeBodies*isoSector:][:isoSector]
			copy(dir, isoRecordOf("\x00", isoForgeBodies, isoSector, isoFlagDir, ""))
			copy(dir[34:], isoRecordOf("P", isoForgeBodies+1, uint32(len(archivetest.Payload)), 0, ""))
			clear(root[68:])
			copy(b[isoForgeTableL*isoSector:], "\x01\x00\x1a\x00\x00\x00\x01\x00\x00\x00")
		}}, ""},
	}
	for name, c := range forged {
		t.Run(name, func(t *testing.T) {
			image := c.forge.image()
			if !archivetest.Detects(image, ISO) {
				t.Error("not detected")
			}
			all, r, err := archivetest.ReadAll(t, ISO, image)
			if err != nil || !archivetest.Holds(all) {
				t.Errorf("%d members, %v", len(all), err)
			}
			notes := archivetest.NoteNames(all, r)
			if c.anomaly == "" && len(notes) > 0 || c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
		})
	}
}

func TestISOMultiExtent(t *testing.T) {
	body := strings.Repeat("a", isoSector) + archivetest.Payload
	all, _, err := archivetest.ReadAll(t, ISO, isoOf(
		isoEntry{name: "P.JS;1", body: body[:isoSector], flags: isoFlagMore},
		isoEntry{name: "P.JS;1", body: body[isoSector:]}).image())
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, map[string]string{"P.JS": body}, archivetest.AnyFiles)
}

// TestISOHostile: loops, overlaps and floods end, and say so.
func TestISOHostile(t *testing.T) {
	loop := isoOf(isoEntry{name: "LOOP", flags: isoFlagDir, at: isoForgeRoot, fixed: true, body: string(make([]byte, isoSector))},
		isoEntry{name: "P", body: archivetest.Payload})
	all, _, err := archivetest.ReadAll(t, ISO, loop.image())
	if err != nil || len(all) != 1 || !archivetest.Holds(all) {
		t.Errorf("loop: %d members, %v", len(all), err)
	}
	// A directory of 4 GiB in an image of 8 MiB, each of whose sectors is one of its
	// own subdirectories' starts.
	big := isoOf(isoEntry{name: "P", body: archivetest.Payload}, isoEntry{name: "D", flags: isoFlagDir, body: string(make([]byte, 8<<20)), bend: func(r []byte) {
		putBoth32(r[10:], 0xffffffff)
	}}).image()
	dir := big[28*isoSector:]
	for n := range 3000 {
		copy(dir[n*isoSector:], isoRecordOf("S", uint32(28+n), 0xfffff800, isoFlagDir, ""))
	}
	src := &archivetest.Counter{R: bytes.NewReader(big)}
	all, _, err = archivetest.ReadFrom(t, ISO, src, int64(len(big)))
	if err != nil || !archivetest.Holds(all) {
		t.Errorf("flood: %d members, %v", len(all), err)
	}
	src.Check(t, int64(len(big)), len(all), 0)
	// More files than are allowed.
	var many []isoEntry
	for range 60 {
		many = append(many, isoEntry{name: "N", body: "x"})
	}
	image := isoOf(many...).image()
	r, err := level.Open(ISO, bytes.NewReader(image), int64(len(image)), level.Limits{Members: 4})
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, level.ErrLimit) {
		t.Errorf("many: %v", err)
	}
}
