package office

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// cfbFile is a stream of a forged compound file, or a storage if data is nil.
// Storages above it come into being by themselves.
type cfbFile struct {
	path string // storages and name, with "|" between them
	data []byte
}

// cfbForge writes a compound file, and lets every table be bent before it is put
// together.
type cfbForge struct {
	shift   uint // of sectors; 0: 9
	files   []cfbFile
	header  func(h []byte)
	fat     func(fat []uint32)
	entries func(dir []byte) // 128 bytes each, the root first
	tail    int              // bytes cut off the end
}

type cfbNode struct {
	name     string
	data     []byte
	folder   bool
	children []int
}

func (f cfbForge) bytes() []byte {
	if f.shift == 0 {
		f.shift = 9
	}
	nodes := f.tree()
	unit := 1 << f.shift
	var sectors []byte
	var fat []uint32
	chain := func(data []byte) uint32 {
		if len(data) == 0 {
			return cfb.EndOfChain
		}
		first := uint32(len(fat))
		for n := 0; n < len(data); n += unit {
			fat = append(fat, uint32(len(fat)+1))
		}
		fat[len(fat)-1] = cfb.EndOfChain
		sectors = append(sectors, data...)
		sectors = append(sectors, make([]byte, len(fat)*unit-len(sectors))...)
		return first
	}
	var mini []byte
	var miniFAT []uint32
	starts := make([]uint32, len(nodes))
	for i, n := range nodes {
		switch {
		case n.folder:
		case len(n.data) == 0:
			starts[i] = cfb.EndOfChain
		case len(n.data) >= cfb.CfbMiniCutoff:
			starts[i] = chain(n.data)
		default:
			starts[i] = uint32(len(miniFAT))
			for k := 0; k < len(n.data); k += 64 {
				miniFAT = append(miniFAT, uint32(len(miniFAT)+1))
			}
			miniFAT[len(miniFAT)-1] = cfb.EndOfChain
			mini = append(mini, n.data...)
			mini = append(mini, make([]byte, len(miniFAT)*64-len(mini))...)
		}
	}
	starts[0] = chain(mini)
	miniStart := chain(words(miniFAT))
	dir := f.directory(nodes, starts, len(mini), unit)
	dirStart := chain(dir)
	return f.assemble(sectors, fat, unit, dirStart, miniStart, len(miniFAT))
}

func (f cfbForge) tree() []cfbNode {
	nodes := []cfbNode{{name: "Root Entry", folder: true}}
	byPath := map[string]int{"": 0}
	for _, file := range f.files {
		parts := strings.Split(file.path, "|")
		for i := range parts {
			path := strings.Join(parts[:i+1], "|")
			if _, ok := byPath[path]; ok && i < len(parts)-1 {
				continue
			}
			parent := byPath[strings.Join(parts[:i], "|")]
			byPath[path] = len(nodes)
			nodes[parent].children = append(nodes[parent].children, len(nodes))
			last := i == len(parts)-1
			n := cfbNode{name: parts[i], folder: !last || file.data == nil}
			if last {
				n.data = file.data
			}
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// directory writes the entries. Siblings are a tree that leans to the right.
func (f cfbForge) directory(nodes []cfbNode, starts []uint32, mini, unit int) []byte {
	dir := make([]byte, (len(nodes)*128+unit-1)/unit*unit)
	for i := range nodes {
		e := dir[128*i:]
		name := utf16.Encode([]rune(nodes[i].name))
		for k, u := range name {
			binary.LittleEndian.PutUint16(e[2*k:], u)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66], e[67] = 2, 1
		size := len(nodes[i].data)
		if nodes[i].folder {
			e[66] = 1
		}
		if i == 0 {
			e[66], size = 5, mini
		}
		binary.LittleEndian.PutUint32(e[68:], cfb.NoEntry)
		binary.LittleEndian.PutUint32(e[72:], cfb.NoEntry)
		binary.LittleEndian.PutUint32(e[76:], cfb.NoEntry)
		binary.LittleEndian.PutUint32(e[116:], starts[i])
		binary.LittleEndian.PutUint32(e[120:], uint32(size))
	}
	for i, n := range nodes {
		for k, c := range n.children {
			if k == 0 {
				binary.LittleEndian.PutUint32(dir[128*i+76:], uint32(c))
			} else {
				binary.LittleEndian.PutUint32(dir[128*n.children[k-1]+72:], uint32(c))
			}
		}
	}
	if f.entries != nil {
		f.entries(dir)
	}
	return dir
}

func (f cfbForge) assemble(sectors []byte, fat []uint32, unit int, dir, mini uint32, minis int) []byte {
	h := make([]byte, max(512, unit))
	copy(h, cfb.CfbMagic)
	binary.LittleEndian.PutUint16(h[24:], 0x3E)
	binary.LittleEndian.PutUint16(h[26:], 3)
	if f.shift == 12 {
		binary.LittleEndian.PutUint16(h[26:], 4)
	}
	binary.LittleEndian.PutUint16(h[28:], 0xFFFE)
	binary.LittleEndian.PutUint16(h[30:], uint16(f.shift))
	binary.LittleEndian.PutUint16(h[32:], 6)
	binary.LittleEndian.PutUint32(h[48:], dir)
	binary.LittleEndian.PutUint32(h[56:], cfb.CfbMiniCutoff)
	binary.LittleEndian.PutUint32(h[60:], mini)
	binary.LittleEndian.PutUint32(h[64:], uint32((minis*4+unit-1)/unit))
	// FAT sectors, then those of the DIFAT, are at the end.
	per := unit / 4
	data := len(fat)
	fats, difats := 0, 0
	for {
		more := (data + fats + difats + per - 1) / per
		need := max(0, (more-109+per-2)/(per-1))
		if need == difats && more == fats {
			break
		}
		fats, difats = more, need
	}
	for range fats {
		fat = append(fat, 0xFFFFFFFD)
	}
	for range difats {
		fat = append(fat, 0xFFFFFFFC)
	}
	if f.fat != nil {
		f.fat(fat)
	}
	table := words(fat)
	table = append(table, bytes.Repeat([]byte{0xFF}, fats*unit-len(table))...)
	for i := range 109 {
		binary.LittleEndian.PutUint32(h[76+4*i:], cfb.NoEntry)
		if i < fats {
			binary.LittleEndian.PutUint32(h[76+4*i:], uint32(data+i))
		}
	}
	binary.LittleEndian.PutUint32(h[44:], uint32(fats))
	binary.LittleEndian.PutUint32(h[68:], cfb.EndOfChain)
	var more []byte
	for d := range difats {
		if d == 0 {
			binary.LittleEndian.PutUint32(h[68:], uint32(data+fats))
			binary.LittleEndian.PutUint32(h[72:], uint32(difats))
		}
		for i := range per - 1 {
			link := uint32(cfb.NoEntry)
			if n := 109 + d*(per-1) + i; n < fats {
				link = uint32(data + n)
			}
			more = binary.LittleEndian.AppendUint32(more, link)
		}
		next := uint32(cfb.EndOfChain)
		if d < difats-1 {
			next = uint32(data + fats + d + 1)
		}
		more = binary.LittleEndian.AppendUint32(more, next)
	}
	if f.header != nil {
		f.header(h)
	}
	out := append(append(append(h, sectors...), table...), more...)
	return out[:len(out)-f.tail]
}

func words(list []uint32) (b []byte) {
	for _, n := range list {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

// packageStream is an Ole10Native stream with a packaged file.
func packageStream(name, data string) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(packageBytes(name, data)))), packageBytes(name, data)...)
}

// packageBytes is a packaged file as an object of OLE 1.0 holds it.
func packageBytes(name, data string) []byte {
	b := []byte{2, 0}
	b = append(b, name+"\x00"+`C:\tmp\`+name+"\x00"...)
	b = append(b, 0, 0, 3, 0)
	path := `C:\Temp\` + name + "\x00"
	b = binary.LittleEndian.AppendUint32(b, uint32(len(path)))
	b = append(b, path...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	for _, s := range []string{`C:\Temp\`, "", ""} {
		wide := text.UTF16Bytes(s + name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(wide)/2))
		b = append(b, wide...)
	}
	return b
}

// vbaPack compresses as [MS-OVBA] section 2.4.1.3 says, chunk by chunk, with the
// nearest repetition if there is one.
func vbaPack(text string) []byte {
	out := []byte{1}
	for len(text) > 0 {
		chunk := text[:min(len(text), vbaChunk)]
		text = text[len(chunk):]
		var body []byte
		for at := 0; at < len(chunk); {
			flags := len(body)
			body = append(body, 0)
			for bit := 0; bit < 8 && at < len(chunk); bit++ {
				bits := 4
				for 1<<bits < at {
					bits++
				}
				most := 0xFFFF>>bits + 3
				offset, length := longest(chunk, at, 1<<bits, most)
				if length < 3 {
					body = append(body, chunk[at])
					at++
					continue
				}
				body[flags] |= 1 << bit
				body = binary.LittleEndian.AppendUint16(body, uint16((offset-1)<<(16-bits)|length-3))
				at += length
			}
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(len(body)-1)|0xB000)
		out = append(out, body...)
	}
	return out
}

// longest finds the longest repetition of what follows at.
func longest(s string, at, window, most int) (offset, length int) {
	for o := 1; o <= min(at, window); o++ {
		n := 0
		for at+n < len(s) && n < most && s[at+n] == s[at+n-o] {
			n++
		}
		if n > length {
			offset, length = o, n
		}
	}
	return offset, length
}

// vbaDirectory is the description of a project with these modules, all of whose
// source begins at offset.
func vbaDirectory(offset uint32, modules ...string) []byte {
	var b []byte
	record := func(id uint16, data []byte) {
		b = binary.LittleEndian.AppendUint16(b, id)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = append(b, data...)
	}
	record(vbaCodePage, []byte{0xE4, 4})
	b = append(b, 9, 0, 4, 0, 0, 0, 1, 2, 3, 4, 5, 6) // the version, with its odd length
	record(0x000F, []byte{byte(len(modules)), 0})
	for _, m := range modules {
		record(vbaModuleName, []byte(m))
		record(vbaStreamName, []byte(m))
		record(vbaStreamUnicode, text.UTF16Bytes(m))
		record(vbaTextOffset, binary.LittleEndian.AppendUint32(nil, offset))
		record(0x0021, nil)
		record(vbaModuleEnd, nil)
	}
	record(0x0010, nil)
	return b
}

// macroText is source as Office stores it.
const macroText = "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\n  ' " + archivetest.Marker + "\r\n  MsgBox \"hello hello hello\"\r\nEnd Sub\r\n"

// macroFiles are the streams of a project, below a storage.
func macroFiles(storage, text string, pcode []byte) []cfbFile {
	return []cfbFile{
		{storage + "|VBA|_VBA_PROJECT", []byte("\xCC\x61\xB2\x00\x00\x03\x00\xFF")},
		{storage + "|VBA|dir", vbaPack(string(vbaDirectory(uint32(len(pcode)), "Module1")))},
		{storage + "|VBA|Module1", append(bytes.Clone(pcode), vbaPack(text)...)},
		{storage + "|PROJECT", []byte("ID=\"{00000000-0000-0000-0000-000000000000}\"\r\nModule=Module1\r\n")},
	}
}
