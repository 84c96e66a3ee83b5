package archive

import (
	"bytes"
	"strings"
	"testing"
)

// skippable is a skippable frame of zstd and lz4.
func skippable(body string) string {
	var b bytes.Buffer
	put(&b, uint32(skippableMagic+7), uint32(len(body)), body)
	return b.String()
}

func TestZstdPeers(t *testing.T) {
	for name, body := range bodies() {
		for _, args := range []string{"-1", "-3", "-19", "--no-check", "--check", "--fast=5", "--long=24", "--no-compress-literals", "-B1000", "--rsyncable"} {
			t.Run(name+strings.ReplaceAll(args, " ", ""), func(t *testing.T) {
				wantBody(t, Zstd, tool(t, body, "zstd", append(strings.Fields(args), "-qc")...), body)
			})
		}
	}
}

// TestZstdWindow: what cannot fill a window does not need it.
func TestZstdWindow(t *testing.T) {
	wantBody(t, Zstd, tool(t, payload, "zstd", "--ultra", "-22", "-qc"), payload) // 128 MiB
}

func TestZstdConcatenated(t *testing.T) {
	one := string(tool(t, payload, "zstd", "-qc"))
	two := string(tool(t, "second", "zstd", "-qc", "--no-check"))
	wantBody(t, Zstd, []byte(one+two), payload+"second")
	wantBody(t, Zstd, []byte(skippable("skipped")+one+skippable("")+two+skippable("x")), payload+"second")
	wantBody(t, Zstd, []byte(one+string(tool(t, "", "zstd", "-qc"))), payload)
}

func TestLz4Peers(t *testing.T) {
	for name, body := range bodies() {
		for _, args := range []string{"-1", "-9", "-12", "-B4", "-B5 -BD", "-B4 -BD -BX", "-B7 -BX", "--no-frame-crc", "--content-size", "--fast=9", "-l"} {
			t.Run(name+strings.ReplaceAll(args, " ", ""), func(t *testing.T) {
				wantBody(t, Lz4, tool(t, body, "lz4", append(strings.Fields(args), "-qc")...), body)
			})
		}
	}
}

func TestLz4Concatenated(t *testing.T) {
	one := string(tool(t, payload, "lz4", "-qc"))
	old := string(tool(t, "legacy"+payload, "lz4", "-lqc"))
	wantBody(t, Lz4, []byte(one+one), payload+payload)
	wantBody(t, Lz4, []byte(old+one), "legacy"+payload+payload)
	wantBody(t, Lz4, []byte(old+old), "legacy"+payload+"legacy"+payload)
	wantBody(t, Lz4, []byte(skippable("skipped")+one+skippable("")+old), payload+"legacy"+payload)
}
