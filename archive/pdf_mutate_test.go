package archive

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// TestMutatedForged reads files that were forged and then damaged, under the
// bounds of the fuzz targets. FIVEFIFTY_MUTATIONS says how many there are.
func TestMutatedForged(t *testing.T) {
	rounds := 2000
	if n, err := strconv.Atoi(os.Getenv("FIVEFIFTY_MUTATIONS")); err == nil {
		rounds = n
	}
	seed, _ := strconv.ParseUint(os.Getenv("FIVEFIFTY_SEED"), 10, 64)
	rnd := rand.New(rand.NewPCG(9, seed))
	type input struct {
		format Format
		data   []byte
	}
	var inputs []input
	forg := forgedPDFs()
	for _, name := range slices.Sorted(maps.Keys(forg)) {
		c := forg[name]
		inputs = append(inputs, input{PDF, c.data})
	}
	encr := encryptedPDFs()
	for _, name := range slices.Sorted(maps.Keys(encr)) {
		c := encr[name]
		inputs = append(inputs, input{PDF, c.data})
	}
	embe := embeddings()
	for _, name := range slices.Sorted(maps.Keys(embe)) {
		c := embe[name]
		if len(c.text) < 10_000 {
			inputs = append(inputs, input{HTML, []byte(c.text)})
		}
	}
	for range rounds {
		in := inputs[rnd.IntN(len(inputs))]
		data := pdfMutate(rnd, in.data)
		if rnd.IntN(3) == 0 { // two of a kind in one file
			data = append(data, pdfMutate(rnd, inputs[rnd.IntN(len(inputs))].data)...)
		}
		fixed := uint64(htmlFixed)
		if in.format == PDF {
			fixed = pdfFixed
		}
		data = bytes.Clone(data)
		if fuzzRead(t, in.format, data, fixed); t.Failed() {
			t.Fatalf("%s: %q", in.format, data)
		}
	}
}
