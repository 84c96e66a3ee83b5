//go:build cgo

package yara

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// moduleRules use every parser of formats that libyara brings, since these meet
// the hostile bytes.
const moduleRules = `
import "pe"
import "elf"
import "dotnet"
import "macho"
import "dex"
import "hash"
import "math"
rule marker { strings: $a = "fivefifty-test-marker-5b1d" $b = /fivefifty-[a-z]{4}-mark.{0,5}r/ condition: all of them }
rule is_pe { condition: pe.is_pe and (pe.number_of_sections >= 0 or pe.imphash() != "" or pe.entry_point >= 0
	or pe.number_of_resources > 0 or pe.number_of_signatures > 0 or pe.exports("x") or pe.imports("a", "b") or pe.rich_signature.key == 1) }
rule is_elf { condition: elf.number_of_sections >= 0 or elf.number_of_segments >= 0 or elf.dynamic_section_entries > 0 }
rule is_dotnet { condition: dotnet.number_of_streams >= 0 }
rule is_macho { condition: macho.magic >= 0 or macho.number_of_segments > 0 }
rule is_dex { condition: dex.header.file_size >= 0 or dex.number_of_fields > 0 }
rule math_ { condition: math.entropy(0, filesize) >= 0.0 and hash.md5(0, filesize) != "" and hash.sha256(0, filesize) != "" }
rule entry { condition: entrypoint >= 0 }
rule text { strings: $a = { 4D 5A [0-500] 50 45 } $b = "MZ" wide $c = /PE\x00+/ nocase condition: any of them or #a + #b > 1000 }
`

// FuzzInspect shows arbitrary bytes to libyara, before a marker that must be
// found whatever stands before it, and twice: the same bytes get the same
// findings, since no scan leaves anything for the next.
func FuzzInspect(f *testing.F) {
	e := newEngine(f, moduleRules)
	f.Add([]byte("MZ"))
	f.Add([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00\x01\x00\x00\x00"))
	f.Add([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00"))
	f.Add([]byte("dex\n035\x00"))
	f.Add(tinyPE())
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append(slices.Clone(data), "fivefifty-test-marker-5b1d"...)
		withObject(t, "x.bin", string(data), func(ctx context.Context, obj *scanner.Object) {
			// ScanFile may have walked the bytes as a message: the marker is then
			// in one of its parts.
			b, err := obj.Bytes()
			if err != nil || !bytes.Equal(b, data) {
				return
			}
			first, err := e.Inspect(ctx, obj)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(signatures(first), "marker") {
				t.Fatalf("the marker was not found: %v", first)
			}
			again, err := e.Inspect(ctx, obj)
			if err != nil || !reflect.DeepEqual(first, again) {
				t.Fatalf("%v, then %v, %v", first, again, err)
			}
		})
	})
}

// tinyPE is the head of a program with one section and a .NET directory, made
// for parsers to walk; it does nothing.
func tinyPE() []byte {
	b := make([]byte, 0x400)
	put := func(at int, bytes ...byte) { copy(b[at:], bytes) }
	put(0, 'M', 'Z')
	put(0x3C, 0x80)
	put(0x80, 'P', 'E', 0, 0, 0x4C, 0x01, 1) // i386, one section
	put(0x94, 0xE0, 0, 0x02, 0x01)           // optional header of 224 bytes, executable
	put(0x98, 0x0B, 0x01)                    // PE32
	put(0x98+16, 0, 0x10)                    // entry point
	put(0x98+28, 0, 0, 0x40)                 // image base
	put(0x98+32, 0, 0x10)                    // section alignment
	put(0x98+36, 0, 0x02)                    // file alignment
	put(0x98+92, 16)                         // directories
	put(0x98+96+8, 0, 0x10, 0, 0, 0x28)      // imports
	put(0x98+96+16, 0, 0x10, 0, 0, 0x28)     // resources
	put(0x98+96+32, 0, 0x02, 0, 0, 0x28)     // certificates
	put(0x98+96+14*8, 0, 0x10, 0, 0, 0x48)   // .NET
	put(0x178, '.', 't', 'e', 'x', 't', 0, 0, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0, 2, 0, 0, 0, 2)
	return b
}
