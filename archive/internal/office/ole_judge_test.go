package office

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// olefileScript lists the digests of all streams that olefile reads, for each file
// in a folder.
const olefileScript = `
import hashlib, json, os, sys, olefile
out = {}
for name in sorted(os.listdir(sys.argv[1])):
    out[name] = {}
    try:
        o = olefile.OleFileIO(os.path.join(sys.argv[1], name))
        for path in o.listdir():
            try:
                data = o.openstream(path).read()
            except Exception:
                continue
            out[name]["/".join(path)] = [len(data), hashlib.md5(data).hexdigest()]
    except Exception:
        pass
print(json.dumps(out))
`

// TestOLEJudge mutates compound files. Whatever olefile reads of them is a member
// here.
func TestOLEJudge(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import olefile").Run(); err != nil {
		t.Skip("olefile: ", err)
	}
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(3, 4))
	files := []cfbFile{{"A|x", archivetest.PayloadOf(20_000)}, {"A|B|y", []byte(archivetest.Payload)}, {"WordDocument", archivetest.PayloadOf(6000)}, {"z", archivetest.PayloadOf(300)},
		{"\x05SummaryInformation", append([]byte("\xFE\xFF\x00\x00"), archivetest.Payload...)}, {"\u4840tiny", []byte("table")}, {"O|\x01Ole10Native", packageStream("p.js", archivetest.Payload)},
		{"VBA|dir", vbaPack(string(vbaDirectory(3, "M")))}, {"VBA|_VBA_PROJECT", []byte("\xCC\x61code")}, {"VBA|M", append([]byte("p-c"), vbaPack(macroText)...)}}
	samples := map[string][]byte{}
	for i := range 120 {
		data := cfbForge{shift: []uint{9, 12}[i%2], files: files}.bytes()
		for range i % 5 {
			data[rnd.IntN(len(data))] ^= byte(1 << rnd.IntN(8))
		}
		switch i % 3 {
		case 1: // the header's tables
			data[24+rnd.IntN(60)] = byte(rnd.IntN(256))
		case 2:
			data = data[:len(data)-rnd.IntN(600)]
		}
		name := fmt.Sprintf("%03d", i)
		samples[name] = data
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(python, "-c", olefileScript, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var judged map[string]map[string][2]any
	if err := json.Unmarshal(out, &judged); err != nil {
		t.Fatal(err)
	}
	streams, missed, refused := 0, 0, 0
	for name, data := range samples {
		all, _, err := archivetest.ReadAll(t, OLE, data)
		if err != nil && len(judged[name]) > 0 {
			refused++
		}
		ours := map[string]bool{}
		for _, g := range all {
			ours[fmt.Sprintf("%x", md5.Sum([]byte(g.Data)))] = true
		}
		for path, s := range judged[name] {
			if s[0].(float64) == 0 {
				continue
			}
			streams++
			if !ours[s[1].(string)] && err == nil {
				missed++
				t.Errorf("%s: %q of %v bytes is missing", name, path, s[0])
			}
		}
	}
	if streams < 200 || refused > 0 {
		t.Errorf("olefile reads %d streams; %d files that it reads are an error here", streams, refused)
	}
	t.Logf("%d streams, %d missed", streams, missed)
}
