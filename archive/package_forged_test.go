package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
