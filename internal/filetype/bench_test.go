package filetype

import (
	"strings"
	"testing"
)

func BenchmarkDetect(b *testing.B) {
	prose := strings.Repeat("Dear Ann, thank you for your letter; we shall answer (soon). Yours, Bob.\n", 120)
	html := "<html><body>" + strings.Repeat("<p>Dear Ann, thank you.</p>\n", 300)
	docx := zipOf(b, types3("vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), "word/document.xml="+prose)
	for _, c := range []struct{ name, data string }{
		{"pe", pad(pe(), 64<<10)}, {"png", pad("\x89PNG\r\n\x1A\n", 64<<10)}, {"pdf", pad("%PDF-1.7\n", 64<<10)}, {"docx", docx},
		{"doc", compound("", "1Table", "WordDocument")}, {"data", pad("\x00\x01\x02\x88", 256<<10)}, {"text", prose[:8000]}, {"html", html[:8000]},
	} {
		b.Run("type="+c.name, func(b *testing.B) {
			head, src := []byte(c.data)[:min(len(c.data), headSize)], strings.NewReader(c.data)
			b.ReportAllocs()
			for b.Loop() {
				Detect(head, src)
			}
		})
	}
}
