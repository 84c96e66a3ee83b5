package stream

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/bcj"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	internal "github.com/fivefifty/fivefifty/internal/lzma"
)

// fuzzOracle is the dictionary of another decoder, in bytes: it allocates what a
// header declares.
const fuzzOracle = 1 << 20

// oracle is what another decoder makes of data; false if it finds fault.
func oracle(r io.Reader, err error) (string, bool) {
	if err != nil {
		return "", false
	}
	out, err := io.ReadAll(io.LimitReader(r, archivetest.FuzzOutput))
	return string(out), err == nil && len(out) < archivetest.FuzzOutput
}

// agree fails unless our reading of data is what another decoder made of it.
func agree(t *testing.T, f *level.Format, data []byte, decoder uint64, want string, valid bool) {
	bodies, _ := archivetest.FuzzRead(t, f, data, decoder)
	if valid && want != "" && !bodies[want] {
		t.Fatalf("another decoder reads %d bytes, %.80q, and we do not", len(want), want)
	}
}

// seeds adds what programs make of bodies, where they are installed.
func seeds(f *testing.F, name string, argss ...[]string) {
	noise := make([]byte, 100)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, args := range argss {
		for _, body := range []string{archivetest.Payload, "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", string(noise), archivetest.Text(2000)} {
			if data, err := archivetest.Pipe(body, name, args...); err == nil {
				f.Add(data)
			}
		}
	}
}

// forgedSeeds adds the forged files of a format.
func forgedSeeds(f *testing.F, format *level.Format) {
	for _, c := range forgedStreams(f) {
		if c.format == format && c.data != nil {
			f.Add(c.data)
		}
	}
}

func FuzzLzma(f *testing.F) {
	forgedSeeds(f, Lzma)
	seeds(f, "xz", []string{"--format=lzma", "-0c"}, []string{"--format=lzma", "--lzma1=lc=0,lp=4,pb=1,dict=4KiB", "-c"})
	f.Fuzz(func(t *testing.T, data []byte) {
		if !isLzma(data) {
			return
		}
		want, valid := oracle(lzma.ReaderConfig{DictCap: fuzzOracle}.NewReader(bytes.NewReader(data)))
		agree(t, Lzma, data, 16<<20, want, valid)
	})
}

func FuzzLzip(f *testing.F) {
	forgedSeeds(f, Lzip)
	seeds(f, "lzip", []string{"-c"}, []string{"-c", "-s4KiB"})
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Lzip, data, 16<<20) })
}

// claimsDictionary says whether a block may claim a dictionary above fuzzOracle,
// which another decoder would allocate.
func claimsDictionary(data []byte) bool {
	for rest := data; ; {
		i := bytes.Index(rest, []byte{bcj.LZMA2, 1})
		if i < 0 || i+2 == len(rest) {
			return false
		}
		if dict, err := internal.Dict2(rest[i+2]); err != nil || dict > fuzzOracle {
			return true
		}
		rest = rest[i+2:]
	}
}

func FuzzXz(f *testing.F) {
	forgedSeeds(f, Xz)
	seeds(f, "xz", []string{"-0c"}, []string{"-c", "--check=none", "--x86", "--delta=dist=3", "--lzma2=preset=0"}, []string{"-0c", "--block-size=300", "--check=sha256"},
		[]string{"-c", "--check=none", "--arm64", "--ia64", "--armthumb", "--lzma2=preset=0"}, []string{"-c", "--check=none", "--sparc", "--powerpc", "--arm", "--lzma2=preset=0"})
	f.Fuzz(func(t *testing.T, data []byte) {
		var want string
		valid := !claimsDictionary(data)
		if valid {
			want, valid = oracle(xz.ReaderConfig{DictCap: fuzzOracle}.NewReader(bytes.NewReader(data)))
		}
		agree(t, Xz, data, 16<<20, want, valid)
	})
}

func FuzzZstd(f *testing.F) {
	forgedSeeds(f, Zstd)
	seeds(f, "zstd", []string{"-qc"}, []string{"-qc", "--no-check", "-19"}, []string{"-qc", "--long=24"})
	f.Add([]byte(skippable("skipped")))
	f.Fuzz(func(t *testing.T, data []byte) {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(archivetest.FuzzOutput))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		want, err := z.DecodeAll(data, nil)
		agree(t, Zstd, data, 96<<20, string(want), err == nil && len(want) < archivetest.FuzzOutput)
	})
}

func FuzzLz4(f *testing.F) {
	forgedSeeds(f, Lz4)
	seeds(f, "lz4", []string{"-qc"}, []string{"-qc", "-l"}, []string{"-qc", "-B4", "-BD", "-BX"})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := lz4.NewReader(bytes.NewReader(data))
		_ = r.Apply(lz4.ConcurrencyOption(1))
		want, valid := oracle(r, nil)
		agree(t, Lz4, data, 32<<20, want, valid)
	})
}

func FuzzCompress(f *testing.F) {
	seeds(f, "compress", []string{"-c", "-f"}, []string{"-c", "-f", "-b", "10"})
	f.Add(archivetest.LZWOf(archivetest.Payload, 12, true, 20))
	f.Add(archivetest.LZWOf(archivetest.Payload, 16, false, 0))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Compress, data, 1<<20) })
}
