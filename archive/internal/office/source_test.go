package office

import (
	"bytes"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// officeSamples are containers of each of these formats.
func officeSamples(t testing.TB) map[string]archivetest.Sample {
	macros := append([]byte("\x01\x16"), bytes.Repeat([]byte("p-code"), 100)...)
	files := append(wordFiles(), macroFiles("Macros", macroText, macros)...)
	files = append(files, cfbFile{"ObjectPool|_1|\x01Ole10Native", packageStream("p.js", archivetest.Payload)})
	all := map[string]archivetest.Sample{
		"doc":  {Format: OLE, Data: cfbForge{files: files}.bytes()},
		"msg":  {Format: OLE, Data: cfbForge{files: msgFiles()}.bytes()},
		"tnef": {Format: TNEF, Data: winmail().Bytes()},
		"rtf":  {Format: RTF, Data: rtfObject(archivetest.RTFLines(packageHex()))},
		"one":  {Format: One, Data: oneSectionBytes(oneBlobBytes(archivetest.Payload, uint64(len(archivetest.Payload))))},
	}
	for kind, data := range encryptedSamples(excelPassword, archivetest.PayloadOf(5000)) {
		if kind != "standard" {
			all[kind] = archivetest.Sample{Format: OLE, Data: data}
		}
	}
	return all
}

func TestOfficeSourceFails(t *testing.T) { archivetest.SourceFails(t, officeSamples(t)) }

func TestOfficeByByte(t *testing.T) { archivetest.ByByte(t, officeSamples(t)) }
