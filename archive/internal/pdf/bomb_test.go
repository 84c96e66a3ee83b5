//go:build unix

package pdf

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// zeros compresses some MiB of zero bytes, times times over.
func zeros(n, times int) string {
	var chunk, end bytes.Buffer
	w, _ := flate.NewWriter(&chunk, 9)
	w.Write(make([]byte, 1<<20))
	w.Flush()
	last, _ := flate.NewWriter(&end, 9)
	last.Close()
	s := "\x78\x9c" + strings.Repeat(chunk.String(), n) + end.String()
	for range times - 1 {
		s = pdfZlib(s)
	}
	return s
}

// bombs are small files that cost much if they are believed.
func bombs() map[string][]byte {
	many := forgePDF()
	for i := range 100_000 {
		many.obj(10+i, "<</A(b)>>")
	}
	streams := forgePDF()
	for i := range 30_000 {
		streams.stream(10+i, "/Filter/FlateDecode", pdfZlib("0 0 m"))
	}
	nested := forgePDF()
	for i := range 20_000 {
		fmt.Fprintf(nested, "%d 0 obj<</Length 9999999>>stream\n", 10+i)
	}
	unclosed := forgePDF()
	for i := range 50_000 {
		fmt.Fprintf(unclosed, "%d 0 obj(", 10+i)
	}
	refs := forgePDF()
	for i := range 20_000 {
		refs.obj(10+i, fmt.Sprintf("<</JS %d 0 R/EF %d 0 R/F %d 0 R>>", 11+i, 12+i, 13+i))
	}
	embedded := forgePDF()
	for i := range 20_000 {
		embedded.stream(10+i, "/Type/EmbeddedFile", "x")
	}
	pairs := strings.Repeat("1 5 ", 60_000)
	return map[string][]byte{
		"flate-nested":    forgePDF().stream(9, "/Filter[/Fl/Fl/Fl]", zeros(200, 3)).end(""),
		"flate-then-hex":  forgePDF().stream(9, "/Filter[/Fl/Fl/AHx]", zeros(600, 2)).end(""),
		"objstm-zeros":    forgePDF().stream(9, "/Type/ObjStm/N 9/First 9/Filter[/Fl/Fl]", zeros(600, 2)).end(""),
		"objstm-numbers":  forgePDF().stream(9, "/N 999999999999/First 999999999999", pairs).end(""),
		"objstm-backward": within(60_000),
		"objects":         many.end(""),
		"streams":         streams.end(""),
		"nested-streams":  nested.Bytes(),
		"unclosed":        unclosed.Bytes(),
		"references":      refs.end(""),
		"embedded":        embedded.end(""),
		"filters":         forgePDF().stream(9, "/Filter["+strings.Repeat("/Fl", 10_000)+"]", "x").end(""),
		"arrays":          forgePDF().obj(9, strings.Repeat("[", 2_000_000)).end(""),
		"dicts":           forgePDF().obj(9, strings.Repeat("<</A", 1_000_000)).end(""),
		"keys":            forgePDF().obj(9, "<<"+strings.Repeat("/JS(a)", 500_000)+">>").end(""),
		"obj":             []byte("%PDF-" + strings.Repeat(" 1 0 obj", 300_000)),
		"trailers":        []byte("%PDF-1 0 obj endobj" + strings.Repeat("trailer<</Encrypt<</Filter/Standard/V 5/R 6/U<"+strings.Repeat("61", 48)+">>>>>", 10_000)),
		"endstreams":      []byte("%PDF-" + strings.Repeat("1 0 obj<<>>stream endstream ", 100_000)),
	}
}

// within is a file with an object stream whose objects lie in each other.
func within(n int) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d %d ", i, 10*i)
	}
	first := b.Len()
	b.WriteString(strings.Repeat("(", 10*n))
	return forgePDF().stream(9, fmt.Sprintf("/N %d/First %d/Filter/Fl", n, first), pdfZlib(b.String())).end("")
}

// TestPDFBombs bounds memory. What is bounded inside is an error of Next; the time that
// bombs take is measured in bench.
func TestPDFBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, data := range bombs() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			members, output, err := drainPDF(data)
			runtime.ReadMemStats(&after)
			if err != nil && !errors.Is(err, level.ErrLimit) {
				t.Error(err)
			}
			used := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes: %d members, %d bytes, %d allocated: %v", len(data), members, output, used, err)
			if used > 200<<20 {
				t.Error("too much")
			}
		})
	}
}

// drainPDF reads up to 256 MiB, as a caller with a budget does.
func drainPDF(data []byte) (members int, output int64, err error) {
	r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{})
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	for output < 256<<20 {
		if _, err := r.Next(); err != nil {
			if err == io.EOF {
				err = nil
			}
			return members, output, err
		}
		members++
		n, _ := io.CopyN(io.Discard, r, 256<<20-output)
		output += n
	}
	return members, output, nil
}
