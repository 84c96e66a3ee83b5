package office

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func FuzzOLE(f *testing.F) {
	files := append(wordFiles(), macroFiles("Macros", macroText, []byte("p-code"))...)
	f.Add(cfbForge{files: append(files, cfbFile{"ObjectPool|_1|\x01Ole10Native", packageStream("p.js", archivetest.Payload)})}.bytes())
	f.Add(cfbForge{shift: 12, files: files}.bytes())
	for _, seed := range oleSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, OLE, data, archivetest.DecoderBytes) })
}

// oleSeeds are compound files of the rarer kinds.
func oleSeeds(f testing.TB) (seeds [][]byte) {
	for kind, data := range encryptedSamples(excelPassword, archivetest.PayloadOf(5000)) {
		if kind != "standard" { // 50,000 rounds for each run
			seeds = append(seeds, data)
		}
	}
	return append(seeds, cfbForge{files: msgFiles()}.bytes())
}
