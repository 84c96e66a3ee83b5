package decmpfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// deviceOf is a device of some bytes.
func deviceOf(b string) *device.Device {
	return device.New(bytes.NewReader([]byte(b)), int64(len(b)))
}

// attributeOf is an attribute that declares a size.
func attributeOf(kind uint32, size int, content string) *device.Device {
	b := binary.LittleEndian.AppendUint32([]byte(magic), kind)
	return deviceOf(string(binary.LittleEndian.AppendUint64(b, uint64(size))) + content)
}

// TestSize: a size that is too small is passed over, and what is missing for one that is
// too large is said.
func TestSize(t *testing.T) {
	body := archivetest.Payload
	for _, c := range []struct {
		size int
		err  error
	}{{len(body), nil}, {3, nil}, {len(body) + 1, level.ErrMalformed}, {1 << 50, level.ErrMalformed}} {
		f, ok := Parse(attributeOf(3, c.size, archivetest.ZlibOf(body)))
		if !ok || f.Size != int64(c.size) || f.Method != "deflate" || f.Resource || f.Err != nil {
			t.Fatalf("%+v, %t", f, ok)
		}
		got, err := io.ReadAll(f.Body(nil))
		if string(got) != body || !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("size %d: %d bytes, %v", c.size, len(got), err)
		}
	}
}

// TestFork: a resource fork that is cut, or has nothing, is said.
func TestFork(t *testing.T) {
	f, _ := Parse(attributeOf(10, 10, ""))
	table := "\x0c\x00\x00\x00\x12\x00\x00\x00\x17\x00\x00\x00"
	for fork, want := range map[string]string{table + "\xcc01234" + "\xcc5678": "012345678", table + "\xcc01": "01", table[:6]: "", "": ""} {
		got, err := io.ReadAll(f.Body(deviceOf(fork)))
		if string(got) != want || !errors.Is(err, level.ErrMalformed) {
			t.Errorf("%q: %q, %v", fork, got, err)
		}
	}
}

func TestNone(t *testing.T) {
	for _, b := range []string{"", "fpmc", "cmpf\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if _, ok := Parse(deviceOf(b)); ok {
			t.Errorf("%q is taken for an attribute", b)
		}
	}
	if f, ok := Parse(attributeOf(14, 5, "zbm")); !ok || !errors.Is(f.Err, level.ErrUnsupported) {
		t.Errorf("%+v", f)
	}
}
