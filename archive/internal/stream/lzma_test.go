package stream

import (
	"errors"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestLzmaPeers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, args := range [][]string{
			{"--format=lzma", "-0"}, {"--format=lzma", "-6"}, {"--format=lzma", "-9e"},
			{"--format=lzma", "--lzma1=lc=0,lp=4,pb=0,dict=4KiB"}, {"--format=lzma", "--lzma1=lc=4,lp=0,pb=4,dict=96KiB"},
		} {
			t.Run(name+strings.Join(args, ""), func(t *testing.T) {
				archivetest.WantBody(t, Lzma, archivetest.Tool(t, body, "xz", append(args, "-c")...), body)
			})
		}
	}
}

// TestLzmaNone: what begins like a .lzma file with a large dictionary, as the pictures in
// a Word document do ([MS-DOC] section 2.9.190: their length, then 0x44 for the length of
// what follows), is malformed and not above a limit.
func TestLzmaNone(t *testing.T) {
	data := "\x8c\x00\x00\x00\x44\x00\x64\x00\x00\x00\x00\x00\x00\x00" + archivetest.Text(118)
	if !archivetest.Detects([]byte(data), Lzma) {
		t.Fatal("not like one")
	}
	all, _, err := archivetest.ReadAll(t, Lzma, []byte(data))
	if err != nil || len(all) == 0 || !errors.Is(all[0].Fault, level.ErrMalformed) || errors.Is(all[0].Fault, level.ErrLimit) {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestLargeDictionary: a dictionary above the limit is no fault where nothing reaches back
// so far.
func TestLargeDictionary(t *testing.T) {
	for f, args := range map[*level.Format][]string{
		Lzma: {"xz", "--format=lzma", "--lzma1=dict=256MiB", "-c"}, Xz: {"xz", "--lzma2=dict=256MiB", "-c"}, Lzip: {"lzip", "-s256MiB", "-c"},
	} {
		archivetest.WantBody(t, f, archivetest.Tool(t, archivetest.Payload, args[0], args[1:]...), archivetest.Payload)
	}
}

func TestLzipPeers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, args := range [][]string{{"-0"}, {"-6"}, {"-9"}, {"-s4KiB"}, {"-b100KiB"}} {
			t.Run(name+args[0], func(t *testing.T) {
				archivetest.WantBody(t, Lzip, archivetest.Tool(t, body, "lzip", append(args, "-c")...), body)
			})
		}
	}
	t.Run("plzip", func(t *testing.T) {
		body := archivetest.Text(1 << 20)
		archivetest.WantBody(t, Lzip, archivetest.Tool(t, body, "plzip", "-B64KiB", "-c"), body)
	})
}
