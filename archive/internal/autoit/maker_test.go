package autoit

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// maker makes a compiled script. Its files are stored if packed says so; forge changes
// the fields of a record before they are hidden.
type maker struct {
	v      *version
	before string
	magic  string // instead of the signature and the version
	files  []made
	method string // mark of the packed bodies, "" for that of the version
	forge  func(i int, f *forged)
	after  string
}

type made struct {
	kind, path, body string
	stored           bool
}

// forged are the fields of a record.
type forged struct {
	mark         string
	kinds, paths uint32 // lengths
	compressed   byte
	packed, size uint32
	checksum     uint32
	seed         uint32
	data         []byte // the body, not enciphered
}

// digest stands for that of a password.
const digest = "0123456789abcdef"

func (m *maker) make() []byte {
	var w bytes.Buffer
	magic := m.magic
	if magic == "" {
		magic = signature + scripts + m.v.name
	}
	w.WriteString(m.before + magic + digest)
	for i, f := range m.files {
		m.record(&w, i, f)
	}
	w.WriteString(m.after)
	return w.Bytes()
}

// enciphered is a string or a body as it stands in a file.
func (m *maker) enciphered(b []byte, seed uint32) []byte {
	b = bytes.Clone(b)
	key := m.v.stream()
	key.seed(seed)
	key.xor(b)
	return b
}

// bytes are those of a string, and its length in characters.
func (m *maker) bytes(s string) ([]byte, uint32) {
	if m.v.unit == 1 {
		return []byte(s), uint32(len(s))
	}
	b := archivetest.LEName(s)
	return b, uint32(len(b) / 2)
}

func (m *maker) record(w *bytes.Buffer, i int, file made) {
	v := m.v
	kind, kinds := m.bytes(file.kind)
	path, paths := m.bytes(file.path)
	f := &forged{mark: v.mark, kinds: kinds, paths: paths, compressed: 1, size: uint32(len(file.body)), seed: v.body, data: []byte(file.body)}
	if v.digest {
		for _, c := range []byte(digest) {
			f.seed += uint32(c)
		}
	}
	if file.stored {
		f.compressed = 0
	} else {
		f.data = pack(m.mark(), file.body)
	}
	f.packed, f.checksum = uint32(len(f.data)), adler32.Checksum(f.data)
	if m.forge != nil {
		m.forge(i, f)
	}
	archivetest.Put(w, f.mark, f.kinds^v.kind.length, string(m.enciphered(kind, v.kind.seed+kinds)))
	archivetest.Put(w, f.paths^v.path.length, string(m.enciphered(path, v.path.seed+paths)))
	archivetest.Put(w, f.compressed, f.packed^v.size, f.size^v.size, f.checksum^v.checksum, make([]byte, 16))
	w.Write(m.enciphered(f.data, f.seed))
}

func (m *maker) mark() string {
	if m.method != "" {
		return m.method
	}
	return m.v.name
}

// pack compresses a body: literals, and repeats of the text that stands where the same
// three bytes stood last.
func pack(mark, body string) []byte {
	out := binary.BigEndian.AppendUint32([]byte(mark), uint32(len(body)))
	w := &archivetest.BitWriter{}
	literal := uint64(literalBits[mark])
	last := map[string]int{}
	for i := 0; i < len(body); {
		n, dist := 0, 0
		if i+shortest <= len(body) {
			three := body[i : i+shortest]
			if at, ok := last[three]; ok && i-at < window {
				dist = i - at
				for i+n < len(body) && body[i+n] == body[at+n] {
					n++
				}
			}
			last[three] = i
		}
		if n < shortest {
			w.Put(literal, 1)
			w.Put(uint64(body[i]), 8)
			i++
			continue
		}
		w.Put(1-literal, 1)
		w.Put(uint64(dist), 15)
		putLength(w, n)
		i += n
	}
	return append(out, w.Flush()...)
}

// putLength writes the length of a repeat.
func putLength(w *archivetest.BitWriter, n int) {
	n -= shortest
	for _, s := range []struct{ bits, base, most int }{{2, 0, 2}, {3, 3, 9}, {5, 10, 40}, {8, 41, 295}} {
		if n <= s.most {
			w.Put(uint64(n-s.base), s.bits)
			return
		}
		w.Put(1<<s.bits-1, s.bits)
	}
	for n -= 296; n >= 255; n -= 255 {
		w.Put(255, 8)
	}
	w.Put(uint64(n), 8)
}

// tokensOf makes a script of tokens: of a line for each of its arguments.
func tokensOf(lines ...[]any) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(lines)))
	for _, line := range lines {
		for _, t := range line {
			switch t := t.(type) {
			case int32:
				b = binary.LittleEndian.AppendUint32(append(b, tokenInt32), uint32(t))
			case int64:
				b = binary.LittleEndian.AppendUint64(append(b, tokenInt64), uint64(t))
			case float64:
				b = binary.LittleEndian.AppendUint64(append(b, tokenDouble), math.Float64bits(t))
			case word:
				b = binary.LittleEndian.AppendUint32(append(b, t.token), t.number)
			case text8:
				b = appendString(append(b, t.token), t.text)
			case string:
				for i, o := range operators {
					if o == t {
						b = append(b, byte(tokenOperator+i))
					}
				}
			}
		}
		b = append(b, tokenEndLine)
	}
	return string(b)
}

// word is a token with a number, text8 one with a string.
type (
	word struct {
		token  byte
		number uint32
	}
	text8 struct {
		token byte
		text  string
	}
)

func appendString(b []byte, s string) []byte {
	units := utf16.Encode([]rune(s))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(units)))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u^uint16(len(units)))
	}
	return b
}

// sample is a script whose last file is the payload.
func sample(v *version) *maker {
	kind, script := ">AUTOIT SCRIPT<", "MsgBox(0, \"\", \"hello\")\r\n"
	if v == ea06 {
		kind, script = tokens, tokensOf([]any{word{tokenFunction, 239}, "(", int32(0), ",", text8{tokenString, "hello"}, ")"})
	}
	return &maker{v: v, before: "MZ" + strings.Repeat("program ", 1000), after: scripts + v.name, files: []made{
		{kind, `C:\Temp\aut1.tmp`, script, false},
		{">>>AUTOIT NO CMDEXECUTE<<<", "", "", true},
		{`data\a.exe`, `C:\src\a.exe`, "MZ" + archivetest.Payload + strings.Repeat("z", 5000), false},
		{"stored.txt", `C:\src\stored.txt`, archivetest.Payload, true},
		{"empty", `C:\src\empty`, "", true},
	}}
}
