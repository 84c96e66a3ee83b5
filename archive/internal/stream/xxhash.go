package stream

import (
	"encoding/binary"
	"math/bits"
)

// The constants of xxHash (xxHash fast digest algorithm 0.2.0).
const (
	xx32a = 2654435761
	xx32b = 2246822519
	xx32c = 3266489917
	xx32d = 668265263
	xx32e = 374761393

	xx64a = 11400714785074694791
	xx64b = 14029467366897019727
	xx64c = 1609587929392839161
	xx64d = 9650029242287828579
	xx64e = 2870177450012600261
)

// stripes cuts what is written into pieces of one length.
type stripes struct {
	buf   [32]byte
	have  int
	total uint64
}

// cut calls each with whole pieces of n bytes, and keeps the rest.
func (s *stripes) cut(p []byte, n int, each func([]byte)) {
	s.total += uint64(len(p))
	if s.have > 0 {
		k := copy(s.buf[s.have:n], p)
		s.have += k
		p = p[k:]
		if s.have < n {
			return
		}
		each(s.buf[:n])
		s.have = 0
	}
	if whole := len(p) / n * n; whole > 0 {
		each(p[:whole])
		p = p[whole:]
	}
	s.have = copy(s.buf[:], p)
}

// xxh32 is XXH32 with seed 0, the check of lz4.
type xxh32 struct {
	acc [4]uint32
	s   stripes
}

func (h *xxh32) reset() {
	h.acc = [4]uint32{(xx32a + xx32b) & (1<<32 - 1), xx32b, 0, 1<<32 - xx32a}
	h.s = stripes{}
}

func (h *xxh32) write(p []byte) {
	h.s.cut(p, 16, func(b []byte) {
		a := h.acc
		for ; len(b) >= 16; b = b[16:] {
			a[0] = bits.RotateLeft32(a[0]+binary.LittleEndian.Uint32(b)*xx32b, 13) * xx32a
			a[1] = bits.RotateLeft32(a[1]+binary.LittleEndian.Uint32(b[4:])*xx32b, 13) * xx32a
			a[2] = bits.RotateLeft32(a[2]+binary.LittleEndian.Uint32(b[8:])*xx32b, 13) * xx32a
			a[3] = bits.RotateLeft32(a[3]+binary.LittleEndian.Uint32(b[12:])*xx32b, 13) * xx32a
		}
		h.acc = a
	})
}

func (h *xxh32) sum() uint32 {
	v := uint32(xx32e)
	if h.s.total >= 16 {
		v = bits.RotateLeft32(h.acc[0], 1) + bits.RotateLeft32(h.acc[1], 7) + bits.RotateLeft32(h.acc[2], 12) + bits.RotateLeft32(h.acc[3], 18)
	}
	v += uint32(h.s.total)
	b := h.s.buf[:h.s.have]
	for ; len(b) >= 4; b = b[4:] {
		v = bits.RotateLeft32(v+binary.LittleEndian.Uint32(b)*xx32c, 17) * xx32d
	}
	for _, c := range b {
		v = bits.RotateLeft32(v+uint32(c)*xx32e, 11) * xx32a
	}
	v = (v ^ v>>15) * xx32b
	v = (v ^ v>>13) * xx32c
	return v ^ v>>16
}

// xxh32Of is the XXH32 of b.
func xxh32Of(b []byte) uint32 {
	var h xxh32
	h.reset()
	h.write(b)
	return h.sum()
}

// xxh64 is XXH64 with seed 0, the check of zstd.
type xxh64 struct {
	acc [4]uint64
	s   stripes
}

func (h *xxh64) reset() {
	a, b := uint64(xx64a), uint64(xx64b) // their sum overflows
	h.acc = [4]uint64{a + b, b, 0, -a}
	h.s = stripes{}
}

func xxRound64(acc, v uint64) uint64 {
	return bits.RotateLeft64(acc+v*xx64b, 31) * xx64a
}

func (h *xxh64) write(p []byte) {
	h.s.cut(p, 32, func(b []byte) {
		a := h.acc
		for ; len(b) >= 32; b = b[32:] {
			a[0] = xxRound64(a[0], binary.LittleEndian.Uint64(b))
			a[1] = xxRound64(a[1], binary.LittleEndian.Uint64(b[8:]))
			a[2] = xxRound64(a[2], binary.LittleEndian.Uint64(b[16:]))
			a[3] = xxRound64(a[3], binary.LittleEndian.Uint64(b[24:]))
		}
		h.acc = a
	})
}

func (h *xxh64) sum() uint64 {
	v := uint64(xx64e)
	if h.s.total >= 32 {
		v = bits.RotateLeft64(h.acc[0], 1) + bits.RotateLeft64(h.acc[1], 7) + bits.RotateLeft64(h.acc[2], 12) + bits.RotateLeft64(h.acc[3], 18)
		for _, a := range h.acc {
			v = (v^xxRound64(0, a))*xx64a + xx64d
		}
	}
	v += h.s.total
	b := h.s.buf[:h.s.have]
	for ; len(b) >= 8; b = b[8:] {
		v = bits.RotateLeft64(v^xxRound64(0, binary.LittleEndian.Uint64(b)), 27)*xx64a + xx64d
	}
	if len(b) >= 4 {
		v = bits.RotateLeft64(v^uint64(binary.LittleEndian.Uint32(b))*xx64a, 23)*xx64b + xx64c
		b = b[4:]
	}
	for _, c := range b {
		v = bits.RotateLeft64(v^uint64(c)*xx64e, 11) * xx64a
	}
	v = (v ^ v>>33) * xx64b
	v = (v ^ v>>29) * xx64c
	return v ^ v>>32
}
