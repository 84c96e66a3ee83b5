package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// cpioMember is a member of the dialect "newc". A file of mode 0 is a plain one.
func cpioMember(m file) []byte {
	return cpioHeaderOf("070701", m.name, len(m.data), 0, m.data)
}

// cpioHeaderOf forges a member of "newc" or "crc".
func cpioHeaderOf(magic, name string, size, check int, data string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", magic, 1, 0o100644, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name)+1, check)
	b.WriteString(name + "\x00")
	b.Write(make([]byte, -b.Len()&3))
	b.WriteString(data)
	b.Write(make([]byte, -b.Len()&3))
	return b.Bytes()
}

// arOf forges an ar file; a file's name is what its header has.
func arOf(files ...file) []byte {
	var b bytes.Buffer
	b.WriteString(arMagic)
	for _, f := range files {
		b.Write(arMemberOf(f.name, fmt.Sprint(len(f.data)), f.data))
	}
	return b.Bytes()
}

func arMemberOf(name, size, data string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10s%s%s", name, 0, 0, 0, "100644", size, arEnd, data)
	if len(data)%2 == 1 {
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// rpmHeaderOf forges a header whose only tag is the payload's codec.
func rpmHeaderOf(codec string) []byte {
	var b bytes.Buffer
	value := codec + "\x00"
	for _, v := range []uint32{rpmHeaderMagic, 0, 1, uint32(len(value)), rpmCodecTag, rpmString, 0, 1} {
		binary.Write(&b, binary.BigEndian, v)
	}
	b.WriteString(value)
	return b.Bytes()
}

// rpmOf forges a package.
func rpmOf(codec, body string) []byte {
	lead := append(bytes.Clone(rpmMagic), make([]byte, rpmLeadBytes-len(rpmMagic))...)
	signature := rpmHeaderOf("ignored")
	signature = append(signature, make([]byte, -len(signature)&7)...)
	return bytes.Join([][]byte{lead, signature, rpmHeaderOf(codec), []byte(body)}, nil)
}

func TestPackagesForged(t *testing.T) {
	p := file{name: "p.js", data: payload}
	good := cpioMember(p)
	swapped := func(words ...uint16) []byte {
		var b bytes.Buffer
		binary.Write(&b, binary.BigEndian, words)
		return b.Bytes()
	}
	big := append(swapped(0o070707, 1, 1, 0o100644, 0, 0, 1, 0, 0, 0, 5, 0, uint16(len(payload))), "p.js\x00\x00"+payload+"\x00"...)
	brokenRpm := rpmOf("gzip", string(stdGzip(t, "", payload)))
	binary.BigEndian.PutUint32(brokenRpm[rpmLeadBytes+12:], 1<<30)
	for name, c := range map[string]struct {
		format  Format
		data    []byte
		anomaly string
	}{
		"cpio big-endian":     {Cpio, big, ""},
		"cpio sum":            {Cpio, cpioHeaderOf("070702", "p", len(payload), 1, payload), AnomalyCRC},
		"cpio second trailer": {Cpio, append(cpioOf(file{name: "o"}), cpioOf(p)...), AnomalyAfterZeros},
		"cpio junk between":   {Cpio, append(append(cpioMember(file{name: "o", data: "o"}), "some junk that is no header"...), good...), AnomalyGap},
		"cpio in a trailer":   {Cpio, cpioMember(file{name: cpioTrailer, data: payload}), ""},
		"cpio appended":       {Cpio, append(cpioOf(file{name: "o"}), payload...), AnomalyAppended},
		"cpio no trailer":     {Cpio, good, ""},
		"cpio size":           {Cpio, append(cpioHeaderOf("070701", "p.js", 1<<30, 0, payload), good...), AnomalyTruncated},
		"cpio odd digits":     {Cpio, append(cpioMember(file{name: "o"}), append(bytes.Replace(cpioMember(file{name: "q", data: "q"}), []byte("00000001"), []byte("0000000x"), 9), good...)...), AnomalyCpioField},
		"cpio odd first":      {Cpio, append(bytes.Replace(cpioMember(file{name: "q", data: "q"}), []byte("00000001"), []byte("0000000x"), 9), good...), AnomalyCpioField},
		"cpio folder":         {Cpio, bytes.Replace(good, []byte("000081a4"), []byte("000041ed"), 1), AnomalyDirData},
		"ar even":             {Ar, append([]byte(arMagic), append(bytes.TrimSuffix(arMemberOf("o", "3", "odd"), []byte("\n")), arMemberOf("p", fmt.Sprint(len(payload)), payload)...)...), ""},
		"ar junk between":     {Ar, append(append(arOf(file{name: "o", data: "o"}), "some junk that is no header"...), arMemberOf("p", fmt.Sprint(len(payload)), payload)...), AnomalyGap},
		"ar size":             {Ar, append(arOf(), arMemberOf("o", "x", string(arMemberOf("p", fmt.Sprint(len(payload)), payload)))...), AnomalyArField},
		"ar huge size":        {Ar, append(arOf(), arMemberOf("p", "9999999999", payload)...), AnomalyTruncated},
		"ar no such name":     {Ar, arOf(file{name: "/99", data: payload}), AnomalyArField},
		"ar long name":        {Ar, arOf(file{name: "#1/99999", data: payload}, p), ""},
		"ar folder and file":  {Ar, arOf(file{name: "a/b/", data: payload}), ""},
		"rpm broken":          {Rpm, brokenRpm, AnomalyRpmHeader},
		"rpm odd codec":       {Rpm, rpmOf("rot13", payload), AnomalyRpmHeader},
		"rpm no headers":      {Rpm, append(append(bytes.Clone(rpmMagic), make([]byte, rpmLeadBytes-4)...), cpioOf(p)...), AnomalyRpmHeader},
	} {
		t.Run(name, func(t *testing.T) {
			if !slices.Contains(Detect(bytes.NewReader(c.data), int64(len(c.data))), c.format) {
				t.Error("not detected")
			}
			all, r, err := readAll(t, c.format, c.data)
			if r == nil || err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				t.Logf("%q %v %d bytes, %v", g.Names, g.Anomalies, len(g.data), g.err)
				if name == "rpm broken" {
					g.data = string(unpacked(t, g.data))
				}
				found = found || strings.Contains(g.data, payload)
			}
			if !found {
				t.Errorf("the marker is not found: %d members", len(all))
			}
			if notes := noteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
		})
	}
}
