package spool

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"testing"
)

// A clone holds what was written before, whatever happens to either afterwards.
func TestClone(t *testing.T) {
	for _, memory := range []int64{0, 8 << 10, 64 << 10, 1 << 20} {
		for _, size := range []int{0, 1, 4000, 5000, 40_000} {
			for _, order := range []string{"clone first", "original first"} {
				s := NewStore(t.TempDir(), memory)
				data := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
				b := s.New()
				b.Write(data)
				still, err := b.Clone()
				if err != nil {
					t.Fatal(err)
				}
				more, err := b.Clone()
				if err != nil {
					t.Fatal(err)
				}
				write := func(b *Buffer, tail string) {
					if _, err := b.Write([]byte(tail)); err != nil {
						t.Fatal(err)
					}
				}
				write(b, "original")
				write(more, "clone")
				write(b, "!")
				wants := map[*Buffer]string{b: string(data) + "original!", still: string(data), more: string(data) + "clone"}
				list := []*Buffer{still, more, b}
				if order == "original first" {
					list = []*Buffer{b, more, still}
				}
				for _, x := range list {
					if err := x.Finish(); err != nil {
						t.Fatal(err)
					}
				}
				for _, x := range list {
					got, err := x.Bytes()
					if err != nil || string(got) != wants[x] {
						t.Errorf("memory %d, size %d, %s: %q, %v", memory, size, order, got, err)
					}
					if x.SHA256() != sha256.Sum256([]byte(wants[x])) || x.Size() != int64(len(wants[x])) {
						t.Errorf("memory %d, size %d, %s: wrong digest or size", memory, size, order)
					}
					x.Release()
				}
				if s.used != 0 {
					t.Errorf("memory %d, size %d: %d used after release", memory, size, s.used)
				}
			}
		}
	}
}

// Random operations on a family of clones, checked against plain slices.
func TestClones(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := NewStore(t.TempDir(), int64(r.IntN(100_000)))
		type pair struct {
			b    *Buffer
			want []byte
		}
		all := []pair{{b: s.New()}}
		for range 60 {
			i := r.IntN(len(all))
			switch r.IntN(4) {
			case 0:
				c, err := all[i].b.Clone()
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, pair{c, bytes.Clone(all[i].want)})
			case 1:
				if len(all) > 1 {
					all[i].b.Release()
					all = append(all[:i], all[i+1:]...)
				}
			default:
				p := bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(6000))
				if _, err := all[i].b.Write(p); err != nil {
					t.Fatal(err)
				}
				all[i].want = append(all[i].want, p...)
			}
		}
		for _, x := range all {
			if err := x.b.Finish(); err != nil {
				t.Fatal(err)
			}
			got, err := x.b.Bytes()
			if err != nil || !bytes.Equal(got, x.want) || x.b.SHA256() != sha256.Sum256(x.want) {
				t.Fatalf("seed %d: %d bytes, want %d, %v", seed, len(got), len(x.want), err)
			}
			x.b.Release()
		}
		if s.used != 0 {
			t.Fatalf("seed %d: %d used after release", seed, s.used)
		}
	}
}
