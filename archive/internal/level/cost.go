package level

import "strings"

// MethodCosts is by method what a decoded byte takes at the worst, in the time of a
// byte of the methods that are not named, deflate for one: about 10 ns. PPMd is not
// here: what it takes depends on the data, and its decoders are Workers.
var MethodCosts = map[string]int64{
	"bzip2": 10, "quantum": 40, "lh1": 8, "lh2": 10, "pm1": 6, "pm2": 8,
	"lzma": 3, "lzma2": 3, "xz": 3, "squashfs": 3, "lzx": 3, "rar-13": 2, "rar-14": 2, "rar-15": 2,
	"rar-29": 3, "rar-36": 3, "rar-50": 3, "rar-70": 3,
	"ace-lz77": 2, "ace-blocked": 8, "arc-crunched": 30, "arc-squeezed": 4,
	"stuffit-huffman": 4, "stuffit-13": 6, "arsenic": 30, "deflate-shuffled": 2,
	"shrink": 2, "implode": 2, "deflate64": 2, "bcj2": 2, "dmg": 4,
	"lzfse": 2, "lzvn": 2, "lzms": 8,
	"reduce-1": 2, "reduce-2": 2, "reduce-3": 2, "reduce-4": 2,
}

// MethodCost is the cost of a chain of coders, as Member.Method names it.
func MethodCost(method string) int64 {
	cost := int64(1)
	for coder := range strings.SplitSeq(method, "+") {
		if c := MethodCosts[coder]; c > 0 {
			cost += c - 1
		}
	}
	return cost
}

// Worker is a body whose cost depends on its data.
type Worker interface {
	// Work is what decoding has taken since it was asked last, beyond what MethodCost says.
	Work() int64
}

// Cost is what the last Read took, at the worst, in the time of one byte of deflate.
// Output is no measure of time: the slowest methods take more than a hundred times as
// long as the fastest, so that what bounds the one kind lets the other run for minutes.
func (r *Reader) Cost() int64 { return r.spent }
