package archive

import "testing"

// oleDecoder is what decoding may take besides what a file's length explains, in
// bytes: buffers of decoders, one for each member, and the description of macros.
const oleDecoder = 24 << 20

func FuzzOLE(f *testing.F) {
	files := append(wordFiles(), macroFiles("Macros", macroText, []byte("p-code"))...)
	f.Add(cfbForge{files: append(files, cfbFile{"ObjectPool|_1|\x01Ole10Native", packageStream("p.js", payload)})}.bytes())
	f.Add(cfbForge{shift: 12, files: files}.bytes())
	for _, seed := range oleSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, OLE, data, oleDecoder) })
}

// oleSeeds are compound files of the rarer kinds.
func oleSeeds(f testing.TB) (seeds [][]byte) {
	for kind, data := range encryptedSamples(excelPassword, payloadOf(5000)) {
		if kind != "standard" { // 50,000 rounds for each run
			seeds = append(seeds, data)
		}
	}
	return append(seeds, cfbForge{files: msgFiles()}.bytes())
}
