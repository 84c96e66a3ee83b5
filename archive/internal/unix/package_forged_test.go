package unix

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// TestArDigits: a size that only begins as a number is one to some readers.
func TestArDigits(t *testing.T) {
	data := append(archivetest.ArOf(), archivetest.ArMemberOf("p", fmt.Sprintf("%d.5", len(archivetest.Payload)), archivetest.Payload+"and more")...)
	all, _, err := archivetest.ReadAll(t, Ar, data)
	if err != nil || !slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Data == archivetest.Payload && g.Fault == nil }) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestPackagesForged(t *testing.T) {
	p := archivetest.File{Name: "p.js", Data: archivetest.Payload}
	good := archivetest.CpioMember(p)
	swapped := func(words ...uint16) []byte {
		var b bytes.Buffer
		binary.Write(&b, binary.BigEndian, words)
		return b.Bytes()
	}
	big := append(swapped(0o070707, 1, 1, 0o100644, 0, 0, 1, 0, 0, 0, 5, 0, uint16(len(archivetest.Payload))), "p.js\x00\x00"+archivetest.Payload+"\x00"...)
	brokenRpm := archivetest.RPMOf("gzip", string(archivetest.StdGzip(t, "", archivetest.Payload)))
	binary.BigEndian.PutUint32(brokenRpm[rpmLeadBytes+12:], 1<<30)
	for name, c := range map[string]struct {
		format  *level.Format
		data    []byte
		anomaly string
	}{
		"cpio big-endian":     {Cpio, big, ""},
		"cpio sum":            {Cpio, archivetest.CpioHeaderOf("070702", "p", len(archivetest.Payload), 1, archivetest.Payload), anomaly.CRC},
		"cpio second trailer": {Cpio, append(archivetest.CpioOf(archivetest.File{Name: "o"}), archivetest.CpioOf(p)...), anomaly.AfterZeros},
		"cpio junk between":   {Cpio, append(append(archivetest.CpioMember(archivetest.File{Name: "o", Data: "o"}), "some junk that is no header"...), good...), anomaly.Gap},
		"cpio in a trailer":   {Cpio, archivetest.CpioMember(archivetest.File{Name: cpioTrailer, Data: archivetest.Payload}), ""},
		"cpio appended":       {Cpio, append(archivetest.CpioOf(archivetest.File{Name: "o"}), archivetest.Payload...), anomaly.Appended},
		"cpio no trailer":     {Cpio, good, ""},
		"cpio size":           {Cpio, append(archivetest.CpioHeaderOf("070701", "p.js", 1<<30, 0, archivetest.Payload), good...), anomaly.Truncated},
		"cpio odd digits":     {Cpio, append(archivetest.CpioMember(archivetest.File{Name: "o"}), append(bytes.Replace(archivetest.CpioMember(archivetest.File{Name: "q", Data: "q"}), []byte("00000001"), []byte("0000000x"), 9), good...)...), anomaly.CpioField},
		"cpio odd first":      {Cpio, append(bytes.Replace(archivetest.CpioMember(archivetest.File{Name: "q", Data: "q"}), []byte("00000001"), []byte("0000000x"), 9), good...), anomaly.CpioField},
		"cpio folder":         {Cpio, bytes.Replace(good, []byte("000081a4"), []byte("000041ed"), 1), anomaly.DirData},
		"ar even":             {Ar, append([]byte(arMagic), append(bytes.TrimSuffix(archivetest.ArMemberOf("o", "3", "odd"), []byte("\n")), archivetest.ArMemberOf("p", fmt.Sprint(len(archivetest.Payload)), archivetest.Payload)...)...), ""},
		"ar junk between":     {Ar, append(append(archivetest.ArOf(archivetest.File{Name: "o", Data: "o"}), "some junk that is no header"...), archivetest.ArMemberOf("p", fmt.Sprint(len(archivetest.Payload)), archivetest.Payload)...), anomaly.Gap},
		"ar size":             {Ar, append(archivetest.ArOf(), archivetest.ArMemberOf("o", "x", string(archivetest.ArMemberOf("p", fmt.Sprint(len(archivetest.Payload)), archivetest.Payload)))...), anomaly.ArField},
		"ar huge size":        {Ar, append(archivetest.ArOf(), archivetest.ArMemberOf("p", "9999999999", archivetest.Payload)...), anomaly.Truncated},
		"ar no such name":     {Ar, archivetest.ArOf(archivetest.File{Name: "/99", Data: archivetest.Payload}), anomaly.ArField},
		"ar long name":        {Ar, archivetest.ArOf(archivetest.File{Name: "#1/99999", Data: archivetest.Payload}, p), ""},
		"ar name as data":     {Ar, archivetest.ArOf(archivetest.File{Name: fmt.Sprint("#1/", len(archivetest.Payload)), Data: archivetest.Payload}), anomaly.ArField},
		"ar name of lines":    {Ar, archivetest.ArOf(archivetest.File{Name: "#1/15", Data: "eval(unescape(\n" + archivetest.Payload}), anomaly.ArField},
		"ar folder and file":  {Ar, archivetest.ArOf(archivetest.File{Name: "a/b/", Data: archivetest.Payload}), ""},
		"rpm broken":          {Rpm, brokenRpm, anomaly.RpmHeader},
		"rpm odd codec":       {Rpm, archivetest.RPMOf("rot13", archivetest.Payload), anomaly.RpmHeader},
		"rpm no headers":      {Rpm, append(append(bytes.Clone(rpmMagic), make([]byte, rpmLeadBytes-4)...), archivetest.CpioOf(p)...), anomaly.RpmHeader},
	} {
		t.Run(name, func(t *testing.T) {
			if !archivetest.Detects(c.data, c.format) {
				t.Error("not detected")
			}
			all, r, err := archivetest.ReadAll(t, c.format, c.data)
			if r == nil || err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				t.Logf("%q %v %d bytes, %v", g.Names, g.Anomalies, len(g.Data), g.Fault)
				if name == "rpm broken" {
					g.Data = string(unpacked(t, g.Data))
				}
				found = found || strings.Contains(g.Data, archivetest.Payload)
			}
			if !found {
				t.Errorf("the marker is not found: %d members", len(all))
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
		})
	}
}

// TestPackageBombs: what is small costs little.
func TestPackageBombs(t *testing.T) {
	t.Run("cpio magic", func(t *testing.T) {
		archivetest.Cheap(t, Cpio, append(archivetest.CpioOf(), strings.Repeat("07070", 500_000)...))
	})
	t.Run("ar ends of header", func(t *testing.T) {
		archivetest.Cheap(t, Ar, append(archivetest.ArOf(), strings.Repeat("`\n", 1_000_000)...))
	})
}
