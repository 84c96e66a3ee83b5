package ihex

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

const end = ":00000001FF\n"

// line is one record.
func line(kind byte, address uint16, data string) string {
	b := append([]byte{byte(len(data)), byte(address >> 8), byte(address), kind}, data...)
	sum := byte(0)
	for _, c := range b {
		sum -= c
	}
	return fmt.Sprintf(":%X%02X\n", b, sum)
}

// lines are the records of a body, from an address on, where nothing says that addresses
// have more than 16 bits. 7-Zip wants a record with data for the first.
func lines(address int, body string) string {
	const most = 16
	var text strings.Builder
	for len(body) > 0 {
		n := min(most, len(body))
		if high := address >> 16; high > 0 && (text.Len() == 0 || address&0xFFFF < most) {
			text.WriteString(line(kindLinear, 0, string([]byte{byte(address >> 24), byte(address >> 16)})))
		}
		text.WriteString(line(kindData, uint16(address), body[:n]))
		address, body = address+n, body[n:]
	}
	return text.String()
}

func samples() map[string]archivetest.Sample {
	body := archivetest.Payload
	all := map[string]archivetest.Sample{}
	for name, s := range map[string]string{
		"plain":   lines(0x100, body) + end,
		"two":     lines(0, body) + lines(0x20000, "another") + end,
		"longest": line(kindData, 0, strings.Repeat("x", 255)) + line(kindData, 255, body[:200]) + end,
		"CR LF":   strings.ReplaceAll(lines(0xFFF8, strings.Repeat(body, 3))+end, "\n", "\r\n"),
		"lower":   strings.ToLower(lines(0, body) + end),
		"no end":  lines(0, body),
	} {
		all[name] = archivetest.Sample{Format: Format, Data: []byte(s)}
	}
	return all
}

func TestFiles(t *testing.T) {
	body, long := archivetest.Payload, archivetest.Text(200_000)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"plain":     {lines(0x100, body) + end, []string{body}},
		"long":      {lines(0x0FFFFF00&^15, long) + end, []string{long}},
		"two":       {lines(0, body) + lines(0x20000, "another") + end, []string{body, "another"}},
		"in turn":   {line(kindData, 0, "ab") + line(kindData, 2, "cd") + line(kindData, 0, "ef") + end, []string{"abcd", "ef"}},
		"segments":  {line(kindSegment, 0, "\x10\x00") + line(kindData, 0, "ab") + line(kindSegment, 0, "\x0F\xFF") + line(kindData, 0x12, "cd") + end, []string{"abcd"}},
		"starts":    {line(3, 0, "\x00\x00\x00\x10") + line(5, 0, "\x00\x00\x00\x10") + line(kindData, 0, "ab") + end, []string{"ab"}},
		"one line":  {strings.ReplaceAll(lines(0, body)+end, "\n", ""), []string{body}},
		"empty":     {line(kindData, 7, "") + end, nil},
		"appended":  {lines(0, body) + end + "more", []string{body}},
		"unordered": {line(kindData, 2, "cd") + line(kindData, 0, "ab") + end, []string{"cd", "ab"}},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, []byte(c.text))
			var got []string
			for _, g := range all {
				got = append(got, g.Data)
			}
			if err != nil || !slices.Equal(got, c.want) || !archivetest.Detects([]byte(c.text), Format) {
				t.Errorf("%v\n%s", err, archivetest.Listing(all))
			}
			if noted := len(r.Anomalies()) > 0; noted != (name == "appended") {
				t.Errorf("anomalies %v", r.Anomalies())
			}
		})
	}
}

// TestBroken: what stands before a fault comes, and then the fault.
func TestBroken(t *testing.T) {
	good := lines(0, archivetest.Payload)
	for name, rest := range map[string]string{
		"sum": ":0100000041FF\n", "kind": line(6, 0, "x"), "text": "and so on\n", "cut": ":10000000AB", "digits": ":0100000G0000\n",
	} {
		all, _, err := archivetest.ReadAll(t, Format, []byte(good+rest))
		if !errors.Is(err, level.ErrMalformed) || !archivetest.Holds(all) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

func TestNone(t *testing.T) {
	for _, s := range []string{"", ":", ":)\n:)\n", end, ":00000001FE\n" + end, "x" + end + end, ":10 o'clock\n:11 o'clock\n"} {
		if archivetest.Detects([]byte(s), Format) {
			t.Errorf("%q", s)
		}
	}
}

func TestSources(t *testing.T) {
	archivetest.SourceFails(t, samples())
	archivetest.ByByte(t, samples())
}

// TestCost: a run of one byte in each line.
func TestCost(t *testing.T) {
	var text strings.Builder
	for i := range 200_000 {
		text.WriteString(line(kindData, uint16(2*i), "x"))
	}
	archivetest.Bomb(t, Format, []byte(text.String()), true)
	archivetest.Cheap(t, Format, []byte(text.String()))
}

// TestObjcopy reads what binutils write.
func TestObjcopy(t *testing.T) {
	body := archivetest.Text(150_000)
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out.hex")
	if err := os.WriteFile(in, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	archivetest.Run(t, "objcopy", "-I", "binary", "-O", "ihex", in, out)
	archivetest.WantBody(t, Format, archivetest.Slurp(t, out), body)
}

// TestJudge: what 7-Zip extracts is yielded.
func TestJudge(t *testing.T) {
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	honest := lines(0, archivetest.Text(3000)) + lines(0x40000, archivetest.Payload) + end
	n := archivetest.Judge(t, []byte(honest), ".ihex", Format)
	for range archivetest.JudgeRounds() {
		n += archivetest.Judge(t, archivetest.Mutated(rnd, []byte(honest), 0), ".ihex", Format)
	}
	if t.Logf("%d bodies", n); n < 2 {
		t.Error("7-Zip finds nothing")
	}
}

func FuzzIHex(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 1<<20) })
}
