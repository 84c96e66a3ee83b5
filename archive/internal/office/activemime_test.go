package office

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// activeMimeOf puts a zlib stream at a place, with another one in the header.
func activeMimeOf(at, declared int, stream string) []byte {
	b := make([]byte, at)
	copy(b, activeMimeMagic+"\x00\x00\xf0\x01\x04\x00\x00\x00\xff\xff\xff\xff\x00\x00\x07\xf0")
	if len(b) >= activeMimeOffset+2 {
		binary.LittleEndian.PutUint16(b[activeMimeOffset:], uint16(declared-activeMimeBase))
	}
	return append(b, stream...)
}

func TestActiveMime(t *testing.T) {
	body := archivetest.Payload
	stream := archivetest.ZlibOf(body)
	bent := stream[:len(stream)-1] + "\x00"
	for name, data := range map[string][]byte{
		"word":               activeMimeOf(activeMimeWord, activeMimeWord, stream),
		"other":              activeMimeOf(activeMimeOther, activeMimeOther, stream),
		"declared":           activeMimeOf(0x1000, 0x1000, stream),
		"lied":               activeMimeOf(activeMimeWord, 0xffff, stream),
		"elsewhere":          activeMimeOf(0x77, activeMimeWord, stream),
		"early":              activeMimeOf(12, activeMimeWord, stream),
		"far":                activeMimeOf(0xff00, 0xff00, stream),
		"checksum":           activeMimeOf(activeMimeWord, activeMimeWord, bent),
		"checksum elsewhere": activeMimeOf(0x99, 0, bent),
		"decoy":              append(activeMimeOf(activeMimeWord, activeMimeWord, archivetest.ZlibOf("nothing to see here")), stream...),
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, ActiveMime, data)
			if err != nil || !archivetest.Holds(all) || !archivetest.Detects(data, ActiveMime) {
				t.Fatalf("%v\n%s", err, archivetest.Listing(all))
			}
			if len(all) != 1 && name != "decoy" || len(r.Anomalies()) > 0 || all[0].Fault != nil {
				t.Errorf("\n%s", archivetest.Listing(all))
			}
		})
	}
}

func TestActiveMimeBroken(t *testing.T) {
	stream := archivetest.ZlibOf(archivetest.Text(3000))
	all, _, err := archivetest.ReadAll(t, ActiveMime, activeMimeOf(activeMimeWord, activeMimeWord, stream[:len(stream)-100]))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrMalformed) || len(all[0].Data) < 1000 {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	for name, data := range map[string]string{"nothing": activeMimeMagic, "zeros": activeMimeMagic + string(make([]byte, 9000)), "text": activeMimeMagic + " is a wrapping, and nobody knows why."} {
		if _, _, err := archivetest.ReadAll(t, ActiveMime, []byte(data)); !errors.Is(err, level.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := activeMimeMagic + strings.Repeat(archivetest.ZlibOf("one of many"), 600)
	if all, _, err := archivetest.ReadAll(t, ActiveMime, []byte(many)); !errors.Is(err, level.ErrLimit) || len(all) != activeMimeStreams {
		t.Errorf("many: %d, %v", len(all), err)
	}
	flood := activeMimeMagic + strings.Repeat("\x78\x9c\x78\xda", 10_000)
	if _, _, err := archivetest.ReadAll(t, ActiveMime, []byte(flood)); !errors.Is(err, level.ErrLimit) {
		t.Errorf("flood: %v", err)
	}
}

// TestActiveMimeNoise: in what compression makes of honest bytes there is no other stream.
func TestActiveMimeNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		noise := make([]byte, 40_000)
		for i := range noise {
			noise[i] = byte(rnd.Uint32())
		}
		all, _, err := archivetest.ReadAll(t, ActiveMime, activeMimeOf(activeMimeWord, activeMimeWord, archivetest.ZlibOf(string(noise))))
		if err != nil || len(all) != 1 {
			t.Fatalf("%v\n%s", err, archivetest.Listing(all))
		}
	}
}

// activeMimeJudge tries what tools for macros try.
const activeMimeJudge = `
import zlib, struct
def judge(data):
    if data[:10] != b"ActiveMime": return []
    places = [0x32, 0x22a] + [i for i in range(len(data)) if data[i:i+1] == b"x"]
    try: places.insert(0, struct.unpack_from("<H", data, 0x1e)[0] + 46)
    except struct.error: pass
    for at in places:
        try: return [zlib.decompress(data[at:])]
        except zlib.error: pass
    return []
`

func TestActiveMimeJudge(t *testing.T) {
	stream := archivetest.ZlibOf(archivetest.Payload)
	archivetest.Judged(t, ActiveMime, activeMimeJudge, [][]byte{
		activeMimeOf(activeMimeWord, activeMimeWord, stream), activeMimeOf(activeMimeOther, activeMimeOther, stream), activeMimeOf(0x99, 0x99, stream),
	}, 3000)
}

func FuzzActiveMime(f *testing.F) {
	stream := archivetest.ZlibOf(archivetest.Payload)
	f.Add(activeMimeOf(activeMimeWord, activeMimeWord, stream))
	f.Add(activeMimeOf(0x99, activeMimeOther, stream+stream))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, ActiveMime, data, 2<<20) })
}
