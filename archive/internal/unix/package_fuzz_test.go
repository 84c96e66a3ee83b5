package unix

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func FuzzCpio(f *testing.F) {
	f.Add(archivetest.CpioOf(archivetest.File{Name: "a", Data: "a"}, archivetest.File{Name: "p.js", Data: archivetest.Payload}))
	for _, dialect := range []string{"newc", "crc", "odc", "bin"} {
		if data, err := archivetest.Pipe("/etc/hostname\n/etc\n", "cpio", "-o", "--quiet", "-H", dialect); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Cpio, data, 0) })
}

func FuzzAr(f *testing.F) {
	f.Add(archivetest.ArOf(archivetest.File{Name: "a/", Data: "odd"}, archivetest.File{Name: "//", Data: "long-name.js/\n"}, archivetest.File{Name: "/0", Data: archivetest.Payload}, archivetest.File{Name: "#1/4", Data: "namedata"}))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Ar, data, 0) })
}

func FuzzRpm(f *testing.F) {
	f.Add(archivetest.RPMOf("xz", "payload"))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Rpm, data, 0) })
}
