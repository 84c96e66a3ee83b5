package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/snappy"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// snappyChunk is a chunk with every field to choose.
func snappyChunk(kind byte, length int, data string) string {
	head := binary.LittleEndian.AppendUint32(nil, uint32(length)<<8|uint32(kind))
	return string(head) + data
}

// snappySummed puts a body's checksum before data.
func snappySummed(body, data string) string {
	sum := snappyMask(crc32.Checksum([]byte(body), castagnoli))
	return string(binary.LittleEndian.AppendUint32(nil, sum)) + data
}

// snappyStoredOf and snappyPackedOf are honest chunks.
func snappyStoredOf(body string) string {
	return snappyChunk(snappyStored, len(body)+4, snappySummed(body, body))
}

func snappyPackedOf(body string) string {
	data := snappySummed(body, string(snappy.Encode(nil, []byte(body))))
	return snappyChunk(snappyPacked, len(data), data)
}

// framedOf compresses with other people's writers.
func framedOf(t testing.TB, body string, s2Blocks bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if s2Blocks {
		w := s2.NewWriter(&b, s2.WriterConcurrency(1), s2.WriterBlockSize(1<<20), s2.WriterAddIndex(), s2.WriterPadding(100))
		w.Write([]byte(body))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	w := snappy.NewBufferedWriter(&b)
	w.Write([]byte(body))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSnappy(t *testing.T) {
	all := archivetest.Bodies()
	delete(all, "empty") // the writer writes nothing
	for name, body := range all {
		for _, s2Blocks := range []bool{false, true} {
			t.Run(name, func(t *testing.T) { archivetest.WantBody(t, Snappy, framedOf(t, body, s2Blocks), body) })
		}
	}
	archivetest.WantBody(t, Snappy, []byte(snappyMagic), "")
	archivetest.WantBody(t, Snappy, []byte(snappyMagic+snappyChunk(0xfe, 3, "pad")+snappyPackedOf("a")+snappyChunk(0x80, 0, "")+snappyStoredOf("b")), "ab")
}

func TestSnappyForged(t *testing.T) {
	body := archivetest.Payload
	good := snappyMagic + snappyPackedOf(body)
	block := string(snappy.Encode(nil, []byte(body)))
	_, n := binary.Uvarint([]byte(block))
	bare := block[n:]
	lied := func(length string) string {
		data := snappySummed(body, length+bare)
		return snappyMagic + snappyChunk(snappyPacked, len(data), data)
	}
	for name, c := range map[string]struct {
		data    string
		want    string
		class   error
		anomaly string
		members int
	}{
		"two":               {good + good, body + body, nil, anomaly.Members, 1},
		"checksum":          {snappyMagic + snappyChunk(snappyPacked, len(block)+4, "abcd"+block) + snappyStoredOf("x"), body + "x", level.ErrMalformed, anomaly.CRC, 1},
		"length 0":          {lied("\x00"), body, nil, "", 1},
		"length 4 GiB":      {lied("\xff\xff\xff\xff\x0f"), body, nil, "", 1},
		"cut":               {good[:len(good)-1], body[:8], level.ErrMalformed, anomaly.Truncated, 1},
		"chunk too long":    {snappyMagic + snappyChunk(snappyStored, 1<<24-1, snappySummed(body, body)), body, level.ErrMalformed, anomaly.Truncated, 1},
		"chunk too short":   {snappyMagic + snappyChunk(snappyStored, 3, "abc") + snappyStoredOf(body), body, level.ErrMalformed, "", 1},
		"copy from nowhere": {snappyMagic + snappyChunk(snappyPacked, 9, "abcd\x05\x00x\x01\x09") + snappyStoredOf(body), "x" + body, level.ErrMalformed, "", 1},
		"unknown chunk":     {good + snappyChunk(0x02, 3, "abc") + snappyMagic + snappyStoredOf("x"), body + "x", level.ErrUnsupported, anomaly.Appended, 2},
		"archive behind":    {good + "PK\x03\x04 and more", body, level.ErrUnsupported, anomaly.Appended, 2},
		"document behind":   {good + "\xd0\xcf\x11\xe0 and more", body, level.ErrMalformed, anomaly.Appended, 2},
		"other start":       {snappyMagic + "\xff\x06\x00\x00abcdef" + snappyStoredOf(body), body, nil, anomaly.Members, 1},
		"no start":          {snappyMagic + "\xff\x00\x00\x00" + snappyStoredOf(body), body, nil, anomaly.Members, 1},
		"ends in a head":    {good + "\x00\x01", body, level.ErrMalformed, anomaly.Truncated, 2},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Snappy, []byte(c.data))
			if err != nil || len(all) < 1 || !archivetest.Detects([]byte(c.data), Snappy) {
				t.Fatalf("%d members, %v", len(all), err)
			}
			if !strings.HasPrefix(all[0].Data, c.want) || !errors.Is(all[0].Fault, c.class) || len(all) != c.members {
				t.Errorf("\n%s", archivetest.Listing(all))
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
		})
	}
}

// TestSnappyBomb: a block that repeats itself forever is cut off, and says so.
func TestSnappyBomb(t *testing.T) {
	block := "\x00\x00x\x05\x01" + strings.Repeat("\x1d\x00\xff\xff\xff", 100)
	data := []byte(s2Magic + snappyChunk(snappyPacked, len(block)+4, "abcd"+block))
	all, _, err := archivetest.ReadAll(t, Snappy, data)
	if err != nil || len(all) != 1 || len(all[0].Data) != snappyBlockMax || !errors.Is(all[0].Fault, level.ErrLimit) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestSnappyBlocks compares blocks that are bent with another decoder: what that accepts
// is decoded to the same.
func TestSnappyBlocks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 3))
	same := 0
	for _, body := range []string{archivetest.Payload, archivetest.Text(3000), strings.Repeat("a", 90_000)} {
		for _, block := range [][]byte{s2.EncodeSnappy(nil, []byte(body)), s2.Encode(nil, []byte(body)), s2.EncodeBest(nil, []byte(body))} {
			for range 1500 {
				bent := archivetest.MutatePDF(rnd, block)
				if n, err := s2.DecodedLen(bent); err != nil || n > snappyBlockMax {
					continue
				}
				want, err := s2.Decode(nil, bent)
				if err != nil {
					continue
				}
				same++
				if got, err := snappyBlock(nil, bent, snappyBlockMax); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%x: %d bytes of %d, %v", bent, len(got), len(want), err)
				}
			}
		}
	}
	t.Logf("%d blocks", same)
}

// snappyJudge reads what the usual package of Python takes.
const snappyJudge = `
import snappy
def judge(data):
    return [snappy.StreamDecompressor().decompress(data)]
`

func TestSnappyJudge(t *testing.T) {
	honest := [][]byte{framedOf(t, archivetest.Payload, false), framedOf(t, archivetest.Text(2000), false),
		[]byte(snappyMagic + snappyPackedOf("a") + snappyChunk(0xfe, 3, "pad") + snappyStoredOf("b"))}
	archivetest.Judged(t, Snappy, snappyJudge, honest, 3000)
}

func FuzzSnappy(f *testing.F) {
	f.Add(framedOf(f, archivetest.Payload, false))
	f.Add(framedOf(f, archivetest.Text(2000), true))
	f.Add([]byte(snappyMagic + snappyPackedOf("a") + snappyChunk(0x80, 3, "abc") + snappyStoredOf("b") + snappyMagic + "PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := s2.NewReader(bytes.NewReader(data), s2.ReaderMaxBlockSize(snappyBlockMax))
		want, valid := oracle(r, nil)
		agree(t, Snappy, data, 16<<20, want, valid)
	})
}
