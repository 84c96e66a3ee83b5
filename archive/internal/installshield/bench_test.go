package installshield

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkInstallShield(b *testing.B) {
	body := archivetest.Text(4 << 20)
	b.Run("kind=stored", func(b *testing.B) {
		archivetest.BesideCopy(b, Format, shieldBytes("", 1, fileBytes("a.txt", body, 0, false)), body)
	})
	b.Run("kind=hidden", func(b *testing.B) {
		packed := archivetest.ZlibOf(body)
		z, err := zlib.NewReader(strings.NewReader(packed))
		if err != nil {
			b.Fatal(err)
		}
		data := shieldBytes("", 1, fileBytes("a.txt", body, 6, true))
		archivetest.Beside(b, Format, data, len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, []string{packed}) })
	})
}

func BenchmarkInstallShieldCab(b *testing.B) {
	body := archivetest.Text(4 << 20)
	z := flate.NewReader(bytes.NewReader(nil))
	pieces := archivetest.Pieces(body, 30_000, func(s string) string { return string(archivetest.Pack(8, s)) })
	for name, flags := range map[string]uint16{"packed": shieldPacked, "hidden": shieldPacked | shieldHidden} {
		b.Run("kind="+name, func(b *testing.B) {
			data := cabOf{version: 0x01009500, files: []cabFileOf{{name: "a.txt", data: body, flags: flags}}}.single()
			archivetest.Beside(b, Format, data, len(body), "flate", func() io.Reader { return archivetest.InTurn(z, pieces) })
		})
	}
}

func BenchmarkInstallShieldMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := make([]string, n)
		for i := range n {
			files[i] = fileBytes(name(i), body, 6, false)
		}
		return shieldBytes("", n, files...)
	})
}

func BenchmarkInstallShieldCabMembers(b *testing.B) {
	for _, version := range []uint32{0x01005000, 0x01009500} {
		b.Run(fmt.Sprintf("version=%d", shieldVersion(version)), func(b *testing.B) {
			archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
				c := cabOf{version: version}
				for i := range n {
					c.files = append(c.files, cabFileOf{name: name(i), data: body})
				}
				return c.single()
			})
		})
	}
}
