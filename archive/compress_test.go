package archive

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// lzwOf compresses as compress does: into codes of at most bits bits, which are
// cleared behind every clear codes if that is not 0.
func lzwOf(body string, bits int, block bool, clear int) []byte {
	out := []byte{0x1f, 0x9d, byte(bits)}
	free, width, group := 256, 9, []byte(nil)
	if block {
		out[2] |= 0x80
		free++
	}
	used := 0 // bits of the group
	flush := func(full bool) {
		if full && used > 0 {
			group = append(group, make([]byte, width-len(group))...)
		}
		out, group, used = append(out, group...), nil, 0
	}
	emit := func(code int) {
		for i := range width {
			if used%8 == 0 {
				group = append(group, 0)
			}
			group[used/8] |= byte(code>>i&1) << (used % 8)
			used++
		}
		if used == 8*width {
			flush(false)
		}
	}
	table := map[string]int{}
	code := func(s string) (int, bool) {
		if len(s) == 1 {
			return int(s[0]), true
		}
		n, ok := table[s]
		return n, ok
	}
	word, codes := "", 0
	for i := range len(body) {
		next := word + body[i:i+1]
		if _, ok := code(next); ok {
			word = next
			continue
		}
		n, _ := code(word)
		emit(n)
		codes++
		// The reader enters a string one code later, and widens then.
		if free > 1<<width-1 && width < bits {
			flush(true)
			width++
		}
		if free < 1<<bits {
			table[next] = free
			free++
		}
		word = body[i : i+1]
		if clear > 0 && codes%clear == 0 {
			emit(lzwClear)
			flush(true)
			table, free, width = map[string]int{}, 257, 9
		}
	}
	if word != "" {
		n, _ := code(word)
		emit(n)
	}
	flush(false)
	return out
}

func TestCompress(t *testing.T) {
	for name, body := range bodies() {
		if name == "empty" {
			continue
		}
		for _, bits := range []int{10, 12, 16} {
			for _, clear := range []int{-1, 0, 1000, 20_001} {
				data := lzwOf(body, bits, clear >= 0, clear)
				if out := tool(t, string(data), "gzip", "-dc"); string(out) != body {
					t.Fatalf("%s: the generator is wrong", name)
				}
				wantBody(t, Compress, data, body)
			}
		}
	}
}

func TestCompressPeers(t *testing.T) {
	all := bodies()
	delete(all, "empty") // compress writes nothing
	all["changing"] = text(300_000) + strings.Repeat("\x00\xff", 50_000) + all["noise"] + text(400_000)
	for name, body := range all {
		for _, bits := range []string{"10", "12", "16"} {
			t.Run(name+bits, func(t *testing.T) {
				wantBody(t, Compress, tool(t, body, "compress", "-c", "-f", "-b", bits), body)
			})
		}
	}
}

func TestCompressForged(t *testing.T) {
	good := lzwOf(payload, 16, true, 0)
	for name, c := range map[string]struct {
		data  []byte
		least int // bytes that must come
		class error
	}{
		"header only":  {good[:3], 0, nil},
		"first code":   {[]byte{0x1f, 0x9d, 0x90, 0x05, 0x01, 0, 0}, 0, ErrFormat},
		"wide codes":   {[]byte{0x1f, 0x9d, 0x91, 'x', 0, 0}, 0, ErrUnsupported},
		"clear first":  {[]byte{0x1f, 0x9d, 0x90, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'x', 0}, 1, nil},
		"SCO":          {[]byte("\x1f\xa0 something"), 0, ErrUnsupported},
		"nine bits":    {lzwOf(payload, 9, true, 0), 100, ErrUnsupported},
		"free code":    {[]byte{0x1f, 0x9d, 0x90, 'x', 0xfe, 0xff, 0xff}, 1, ErrMalformed},
		"broken later": {append(bytes.Clone(good[:100]), bytes.Repeat([]byte{0xff}, 50)...), 90, ErrMalformed},
	} {
		all, _, err := readAll(t, Compress, c.data)
		if err == nil && len(all) == 1 {
			err = all[0].err
		}
		if !errors.Is(err, c.class) || len(all) == 1 && len(all[0].data) < c.least {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
	}
}
