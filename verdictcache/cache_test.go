package verdictcache

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

func keyOf(n int) scanner.CacheKey {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func TestKeepsAndReturns(t *testing.T) {
	c, err := New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	want := []scanner.Finding{{Engine: "yara", Signature: "Worm", Matches: []scanner.Match{{Name: "$a", Offset: 7, Length: 2}}}}
	c.Put(keyOf(1), want)
	c.Put(keyOf(2), nil)
	if got, ok := c.Get(keyOf(1)); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v", got, ok)
	}
	if got, ok := c.Get(keyOf(2)); !ok || len(got) != 0 {
		t.Errorf("an object without findings: %v %v", got, ok)
	}
	if _, ok := c.Get(keyOf(3)); ok {
		t.Error("found what nobody put there")
	}
	for _, n := range []int64{0, -1} {
		if _, err := New(n); err == nil {
			t.Errorf("New(%d) has no error", n)
		}
	}
}

// However much is put there, memory stays near the bound.
func TestBounded(t *testing.T) {
	const bound = 4 << 20
	c, err := New(bound)
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	text := strings.Repeat("x", 1000)
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := range 25_000 {
				var found []scanner.Finding
				if i%10 == 0 {
					found = []scanner.Finding{{Signature: strings.Clone(text)}}
				}
				c.Put(keyOf(part*25_000+i), found)
			}
		})
	}
	wg.Wait()
	if used := int64(heap()) - int64(before); used > 3*bound {
		t.Errorf("%d bytes of memory for a bound of %d", used, bound)
	}
	runtime.KeepAlive(c)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
