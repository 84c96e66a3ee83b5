package stream

import (
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
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
