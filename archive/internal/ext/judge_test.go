package ext

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestJudge: what 7-Zip extracts from damaged volumes is yielded.
func TestJudge(t *testing.T) {
	files := map[string]string{"a.txt": "some text", "b.js": archivetest.Payload, "d/e/c.js": archivetest.Payload + "c", "d/long name of a file.txt": strings.Repeat("long ", 2000),
		"d/larger": archivetest.Text(300_000), "empty": ""}
	for _, c := range kinds {
		t.Run(c.name, func(t *testing.T) {
			image := made(t, files, c.size, c.args...)
			rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
			n := 0
			for range max(1, archivetest.JudgeRounds()/4) {
				n += archivetest.Judge(t, archivetest.Mutated(rnd, image, superAt), ".ext", Format)
			}
			t.Logf("%d bodies", n)
		})
	}
}
