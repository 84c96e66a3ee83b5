package installshield

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// cabOf is InstallShield's cabinet, written field by field.
type cabOf struct {
	version uint32
	files   []cabFileOf
	volume  int // bytes of a volume's data, 0 for one volume
}

type cabFileOf struct {
	name, data string
	flags      uint16
	previous   int // for a linked file: the entry with the bytes
	linked     bool
}

// stored is the file as the volumes hold it.
func (f cabFileOf) stored() string {
	if f.linked {
		return ""
	}
	data := f.data
	if f.flags&shieldPacked != 0 {
		var b bytes.Buffer
		for rest := f.data; rest != ""; {
			n := min(len(rest), 30_000)
			raw := archivetest.Pack(8, rest[:n])
			archivetest.Put(&b, uint16(len(raw)), string(raw))
			rest = rest[n:]
		}
		data = b.String()
	}
	if f.flags&shieldHidden != 0 {
		hidden := []byte(data)
		for i, c := range hidden {
			hidden[i] = bits.RotateLeft8(c+byte(i%0x47), 2) ^ 0xd5
		}
		data = string(hidden)
	}
	return data
}

// build returns the list and the volumes.
func (c cabOf) build() (list string, volumes []string) {
	six := shieldVersion(c.version) >= 6
	headBytes := cabHead + volume5
	if six {
		headBytes = cabHead + volume6
	}
	limit := c.volume
	if limit == 0 {
		limit = 1 << 30
	}
	type piece struct {
		file, off, n int
	}
	type volume struct {
		data   string
		pieces []piece
	}
	all := []volume{{}}
	type place struct{ volume, off int }
	places := make([]place, len(c.files))
	flags := make([]uint16, len(c.files))
	for i, f := range c.files {
		flags[i] = f.flags
		data := f.stored()
		last := &all[len(all)-1]
		if f.linked {
			continue
		}
		places[i] = place{len(all), headBytes + len(last.data)}
		for first := true; first || data != ""; first = false {
			last = &all[len(all)-1]
			n := min(len(data), limit-len(last.data))
			if n > 0 || data == "" {
				last.pieces = append(last.pieces, piece{i, headBytes + len(last.data), n})
			}
			last.data += data[:n]
			if data = data[n:]; data != "" {
				all = append(all, volume{})
				flags[i] |= shieldSplit
			}
		}
	}
	for _, v := range all {
		var b bytes.Buffer
		archivetest.Put(&b, uint32(cabMagic), c.version, uint32(0), uint32(0x200), uint32(0))
		first, last := piece{}, piece{}
		if len(v.pieces) > 0 {
			first, last = v.pieces[0], v.pieces[len(v.pieces)-1]
		}
		number := func(n int) {
			if six {
				archivetest.Put(&b, uint64(n))
			} else {
				archivetest.Put(&b, uint32(n))
			}
		}
		number(headBytes)
		if !six {
			archivetest.Put(&b, uint32(0))
		}
		archivetest.Put(&b, uint32(first.file), uint32(last.file))
		for _, p := range []piece{first, last} {
			number(p.off)
			number(p.n)
			number(p.n)
		}
		volumes = append(volumes, b.String()+v.data)
	}
	return c.list(flags, func(i int) (int, int) { return places[i].volume, places[i].off }), volumes
}

func (c cabOf) list(flags []uint16, place func(int) (volume, off int)) string {
	six := shieldVersion(c.version) >= 6
	var names, entries, table bytes.Buffer
	tableBytes := 4 * (1 + len(c.files))
	namesAt := tableBytes
	name := func(s string) uint32 {
		at := namesAt + names.Len()
		names.WriteString(s + "\x00")
		return uint32(at)
	}
	archivetest.Put(&table, name("folder"))
	var nameAt []uint32
	for _, f := range c.files {
		nameAt = append(nameAt, name(f.name))
	}
	entriesAt := namesAt + names.Len()
	for i, f := range c.files {
		volume, off := place(i)
		packed := len(f.stored())
		if !six {
			archivetest.Put(&table, uint32(entriesAt+entries.Len()))
			archivetest.Put(&entries, nameAt[i], uint32(0), flags[i], uint32(len(f.data)), uint32(packed), string(make([]byte, 0x14)), uint32(off), string(make([]byte, 16)))
			continue
		}
		archivetest.Put(&table, uint32(0))
		link := byte(0)
		if f.linked {
			link = shieldLinked
		}
		archivetest.Put(&entries, flags[i], uint64(len(f.data)), uint64(packed), uint64(off), string(make([]byte, 32)), nameAt[i], uint16(0), string(make([]byte, 12)), uint32(f.previous), uint32(0), link, uint16(volume))
	}
	var b bytes.Buffer
	archivetest.Put(&b, uint32(cabMagic), c.version, uint32(0), uint32(0x200), uint32(0x276))
	b.Write(make([]byte, 0x200-b.Len()))
	archivetest.Put(&b, string(make([]byte, 0xc)), uint32(0x276), uint32(0), uint32(0), uint32(0), uint32(1), uint64(0), uint32(len(c.files)), uint32(entriesAt))
	b.Write(make([]byte, 0x200+0x276-b.Len()))
	return b.String() + table.String() + names.String() + entries.String()
}

// single is a cabinet with its list and its data in one file.
func (c cabOf) single() []byte {
	var data string
	flags := make([]uint16, len(c.files))
	offsets := make([]int, len(c.files))
	base := len(c.list(flags, func(int) (int, int) { return 1, 0 }))
	for i, f := range c.files {
		flags[i], offsets[i] = f.flags, base+len(data)
		data += f.stored()
	}
	list := []byte(c.list(flags, func(i int) (int, int) { return 1, offsets[i] }))
	binary.LittleEndian.PutUint32(list[cabHead:], uint32(base))
	return append(list, data...)
}

// setupOf is a setup's files, one after the other.
func setupOf(files ...archivetest.File) []byte {
	var b bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&b, "%s\x00Disk1\\%s\x000.0.0.0\x00%d\x00%s", f.Name, f.Name, len(f.Data), f.Data)
	}
	return b.Bytes()
}

func (c cabOf) setup() []byte {
	list, volumes := c.build()
	files := []archivetest.File{{Name: "setup.ini", Data: "[Startup]"}}
	for i, v := range volumes {
		files = append(files, archivetest.File{Name: fmt.Sprintf("data%d.cab", i+1), Data: v})
	}
	return setupOf(append(files, archivetest.File{Name: "data1.hdr", Data: list}, archivetest.File{Name: "setup.inx", Data: "script"})...)
}

func honestShieldCab(version uint32, volume int) cabOf {
	return cabOf{version: version, volume: volume, files: []cabFileOf{
		{name: "a.exe", data: archivetest.Payload, flags: shieldPacked},
		{name: "plain.txt", data: archivetest.Text(3000)},
		{name: "gone.txt", data: "", flags: shieldInvalid},
		{name: "big.txt", data: archivetest.Text(100_000), flags: shieldPacked},
		{name: "hidden.txt", data: archivetest.Text(9000), flags: shieldPacked | shieldHidden},
		{name: "empty.txt", data: "", flags: shieldPacked},
	}}
}

func TestInstallShieldCab(t *testing.T) {
	for _, version := range []uint32{0x01005000, 0x01009500, 0x04000000 | 1200} {
		for _, volume := range []int{0, 9000} {
			c := honestShieldCab(version, volume)
			if shieldVersion(version) >= 6 {
				c.files = append(c.files, cabFileOf{name: "again.exe", data: archivetest.Payload, flags: shieldPacked, linked: true})
			}
			data := c.setup()
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
				t.Fatalf("%#x, volumes of %d: %d members, %v, %v", version, volume, len(all), err, archivetest.NoteNames(all, r))
			}
			for _, f := range c.files {
				g := archivetest.Find(all, "folder/"+f.name)
				if f.flags&shieldInvalid != 0 {
					if g != nil {
						t.Errorf("%s is shown", f.name)
					}
				} else if g == nil || g.Data != f.data || g.Fault != nil {
					t.Errorf("%#x, volumes of %d: %s is not the same: %v", version, volume, f.name, g)
				}
			}
			if archivetest.Find(all, "Disk1/setup.inx") == nil || archivetest.Find(all, "Disk1/data1.cab") != nil {
				t.Error("files beside the cabinets")
			}
			if !archivetest.Detects(data, Format) {
				t.Error("not detected")
			}
		}
	}
}

// TestInstallShieldCabAlone: a volume without its list cannot be read, and a list
// without volumes holds nothing.
func TestInstallShieldCabAlone(t *testing.T) {
	list, volumes := honestShieldCab(0x01009500, 0).build()
	all, _, err := archivetest.ReadAll(t, Format, []byte(volumes[0]))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrUnsupported) {
		t.Errorf("volume: %d members, %v", len(all), err)
	}
	if _, _, err = archivetest.ReadAll(t, Format, []byte(list)); !errors.Is(err, level.ErrFormat) {
		t.Errorf("list: %v", err)
	}
	all, r, err := archivetest.ReadAll(t, Format, honestShieldCab(0x01009500, 0).single())
	if err != nil || archivetest.Find(all, "folder/a.exe") == nil || archivetest.Find(all, "folder/a.exe").Data != archivetest.Payload || len(archivetest.NoteNames(all, r)) > 0 {
		t.Errorf("one file: %d members, %v", len(all), err)
	}
	all, _, err = archivetest.ReadAll(t, Format, setupOf(archivetest.File{Name: "data1.cab", Data: volumes[0]}, archivetest.File{Name: "b.txt", Data: archivetest.Payload}))
	if err != nil || len(all) != 2 || all[0].Data != volumes[0] || all[1].Data != archivetest.Payload {
		t.Errorf("setup without a list: %d members, %v", len(all), err)
	}
}

// TestInstallShieldSetupTexts: what only begins like a setup is none.
func TestInstallShieldSetupTexts(t *testing.T) {
	for _, s := range []string{
		"a\x00b\x00c\x00d\x00", "a.exe\x00Disk1\\b.exe\x000.0\x003\x00abc", "a.exe\x00Disk1\\a.exe\x00one\x003\x00abc",
		"a.exe\x00Disk1\\a.exe\x000.0\x00-3\x00abc", "a.exe\x00Disk1\\a.exe\x000.0\x009\x00abc", strings.Repeat("text ", 1000),
	} {
		if archivetest.Detects([]byte(s), Format) {
			t.Error("not detected")
		}
	}
}

func TestInstallShieldCabBroken(t *testing.T) {
	c := honestShieldCab(0x01009500, 0)
	whole := c.setup()
	// The list is cut: what comes before the cut is shown.
	list, volumes := c.build()
	all, _, err := archivetest.ReadAll(t, Format, setupOf(archivetest.File{Name: "data1.cab", Data: volumes[0]}, archivetest.File{Name: "data1.hdr", Data: list[:len(list)-10]}))
	if !errors.Is(err, level.ErrMalformed) || archivetest.Find(all, "folder/a.exe") == nil || archivetest.Find(all, "folder/a.exe").Data != archivetest.Payload {
		t.Errorf("list: %d members, %v", len(all), err)
	}
	// A chunk without content.
	empty := strings.Replace(string(whole), string(archivetest.Pack(8, archivetest.Payload)), "\x03\x00"+strings.Repeat("\x00", len(archivetest.Pack(8, archivetest.Payload))-2), 1)
	all, _, _ = archivetest.ReadAll(t, Format, []byte(empty))
	if g := archivetest.Find(all, "folder/a.exe"); g == nil || !errors.Is(g.Fault, level.ErrMalformed) {
		t.Errorf("empty chunk: %v", g)
	}
}

func FuzzInstallShieldCab(f *testing.F) {
	for _, version := range []uint32{0x01005000, 0x01009500} {
		f.Add(honestShieldCab(version, 0).setup())
		f.Add(honestShieldCab(version, 9000).setup())
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, archivetest.DecoderBytes) })
}
