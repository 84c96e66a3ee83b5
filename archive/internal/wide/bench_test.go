package wide

import (
	"bytes"
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkWide(b *testing.B) {
	body := archivetest.Text(4 << 20)
	for _, form := range forms {
		b.Run("form="+form.name, func(b *testing.B) {
			data := encoded(b, body, form.name, true)
			archivetest.Beside(b, Format, data, len(body), "text", func() io.Reader { return form.enc.NewDecoder().Reader(bytes.NewReader(data)) })
		})
	}
}
