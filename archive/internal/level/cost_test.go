package level

import "testing"

func TestMethodCost(t *testing.T) {
	for method, want := range map[string]int64{
		"": 1, "stored": 1, "deflate": 1, "bzip2": 10, "lzma2+bcj": 3, "aes+bzip2": 10, "ppmd": 1, "lzma+bcj2": 4,
	} {
		if got := MethodCost(method); got != want {
			t.Errorf("%q: %d, want %d", method, got, want)
		}
	}
	for method := range MethodCosts {
		if MethodCost(method) != MethodCosts[method] {
			t.Errorf("%q: %d", method, MethodCost(method))
		}
	}
}
