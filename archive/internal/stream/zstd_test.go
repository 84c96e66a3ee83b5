package stream

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// skippable is a skippable frame of zstd and lz4.
func skippable(body string) string {
	var b bytes.Buffer
	archivetest.Put(&b, uint32(skippableMagic+7), uint32(len(body)), body)
	return b.String()
}

func TestZstdPeers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, args := range []string{"-1", "-3", "-19", "--no-check", "--check", "--fast=5", "--long=24", "--no-compress-literals", "-B1000", "--rsyncable"} {
			t.Run(name+strings.ReplaceAll(args, " ", ""), func(t *testing.T) {
				archivetest.WantBody(t, Zstd, archivetest.Tool(t, body, "zstd", append(strings.Fields(args), "-qc")...), body)
			})
		}
	}
}

// TestZstdWindow: what cannot fill a window does not need it.
func TestZstdWindow(t *testing.T) {
	archivetest.WantBody(t, Zstd, archivetest.Tool(t, archivetest.Payload, "zstd", "--ultra", "-22", "-qc"), archivetest.Payload) // 128 MiB
}

func TestZstdConcatenated(t *testing.T) {
	one := string(archivetest.Tool(t, archivetest.Payload, "zstd", "-qc"))
	two := string(archivetest.Tool(t, "second", "zstd", "-qc", "--no-check"))
	archivetest.WantBody(t, Zstd, []byte(one+two), archivetest.Payload+"second")
	archivetest.WantBody(t, Zstd, []byte(skippable("skipped")+one+skippable("")+two+skippable("x")), archivetest.Payload+"second")
	archivetest.WantBody(t, Zstd, []byte(one+string(archivetest.Tool(t, "", "zstd", "-qc"))), archivetest.Payload)
}

func TestLz4Peers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, args := range []string{"-1", "-9", "-12", "-B4", "-B5 -BD", "-B4 -BD -BX", "-B7 -BX", "--no-frame-crc", "--content-size", "--fast=9", "-l"} {
			t.Run(name+strings.ReplaceAll(args, " ", ""), func(t *testing.T) {
				archivetest.WantBody(t, Lz4, archivetest.Tool(t, body, "lz4", append(strings.Fields(args), "-qc")...), body)
			})
		}
	}
}

func TestLz4Concatenated(t *testing.T) {
	one := string(archivetest.Tool(t, archivetest.Payload, "lz4", "-qc"))
	old := string(archivetest.Tool(t, "legacy"+archivetest.Payload, "lz4", "-lqc"))
	archivetest.WantBody(t, Lz4, []byte(one+one), archivetest.Payload+archivetest.Payload)
	archivetest.WantBody(t, Lz4, []byte(old+one), "legacy"+archivetest.Payload+archivetest.Payload)
	archivetest.WantBody(t, Lz4, []byte(old+old), "legacy"+archivetest.Payload+"legacy"+archivetest.Payload)
	archivetest.WantBody(t, Lz4, []byte(skippable("skipped")+one+skippable("")+old), archivetest.Payload+"legacy"+archivetest.Payload)
}
