package stream

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestCompress(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		if name == "empty" {
			continue
		}
		for _, bits := range []int{10, 12, 16} {
			for _, clear := range []int{-1, 0, 1000, 20_001} {
				data := archivetest.LZWOf(body, bits, clear >= 0, clear)
				if out := archivetest.Tool(t, string(data), "gzip", "-dc"); string(out) != body {
					t.Fatalf("%s: the generator is wrong", name)
				}
				archivetest.WantBody(t, Compress, data, body)
			}
		}
	}
}

func TestCompressPeers(t *testing.T) {
	all := archivetest.Bodies()
	delete(all, "empty") // compress writes nothing
	all["changing"] = archivetest.Text(300_000) + strings.Repeat("\x00\xff", 50_000) + all["noise"] + archivetest.Text(400_000)
	for name, body := range all {
		for _, bits := range []string{"10", "12", "16"} {
			t.Run(name+bits, func(t *testing.T) {
				archivetest.WantBody(t, Compress, archivetest.Tool(t, body, "compress", "-c", "-f", "-b", bits), body)
			})
		}
	}
}

func TestCompressForged(t *testing.T) {
	good := archivetest.LZWOf(archivetest.Payload, 16, true, 0)
	for name, c := range map[string]struct {
		data  []byte
		least int // bytes that must come
		class error
	}{
		"header only":  {good[:3], 0, nil},
		"first code":   {[]byte{0x1f, 0x9d, 0x90, 0x05, 0x01, 0, 0}, 0, level.ErrFormat},
		"wide codes":   {[]byte{0x1f, 0x9d, 0x91, 'x', 0, 0}, 0, level.ErrUnsupported},
		"clear first":  {[]byte{0x1f, 0x9d, 0x90, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'x', 0}, 1, nil},
		"SCO":          {[]byte("\x1f\xa0 something"), 0, level.ErrUnsupported},
		"nine bits":    {archivetest.LZWOf(archivetest.Payload, 9, true, 0), 100, level.ErrUnsupported},
		"free code":    {[]byte{0x1f, 0x9d, 0x90, 'x', 0xfe, 0xff, 0xff}, 1, level.ErrMalformed},
		"broken later": {append(bytes.Clone(good[:100]), bytes.Repeat([]byte{0xff}, 50)...), 90, level.ErrMalformed},
	} {
		all, _, err := archivetest.ReadAll(t, Compress, c.data)
		if err == nil && len(all) == 1 {
			err = all[0].Fault
		}
		if !errors.Is(err, c.class) || len(all) == 1 && len(all[0].Data) < c.least {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
	}
}
