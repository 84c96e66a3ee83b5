package stuffit

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"golang.org/x/text/encoding/charmap"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/huffman"
	"github.com/fivefifty/fivefifty/internal/lha"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Methods; the same in both formats.
const (
	stored   = 0
	repeated = 1
	lzw      = 2
	huffed   = 3
	lzah     = 5
	lzHuff   = 13
	arsenic  = 15
	lzwBits  = 14
)

// fork is one of a file's two streams of bytes.
type fork struct {
	resource     bool
	method       byte
	encrypted    bool
	packed, size int64
	crc          uint16
	data         int64 // offset
}

// opener makes members of forks.
type opener struct {
	level.Steps
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	windows input.Windows
}

// member is a file or folder with a path.
func (o *opener) member(path []byte) *level.Member {
	m := &level.Member{Method: "stored"}
	for _, n := range level.DecodeNames(path, charmap.Macintosh) {
		if len(path) > 0 {
			level.AddName(m, n, o.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	return m
}

// folder yields a folder.
func (o *opener) folder(path []byte) {
	m := o.member(path)
	m.Dir = true
	o.Yield(m, &input.Packed{Member: m, R: saferead.Section(o.src, 0, 0, o.size), Size: -1})
}

// open yields a fork of a file.
func (o *opener) open(path []byte, f fork) {
	m := o.member(path)
	m.Size, m.Packed, m.Method, m.Encrypted = f.size, f.packed, methodName(f.method), f.encrypted
	if f.resource {
		m.Reading = "resource"
	}
	if f.packed > o.size-f.data {
		level.Note(m, anomaly.Truncated)
		f.packed = max(0, o.size-f.data)
	}
	b := &input.Packed{Member: m, Size: f.size, Want: uint32(f.crc)}
	b.Sum = new(input.CRC16)
	if f.method == arsenic { // the checksum stands at the end of the stream
		b.Sum = crc32.NewIEEE()
	}
	if f.encrypted && f.packed > 0 {
		m.Err = fmt.Errorf("StuffIt: %w", level.ErrEncrypted)
	} else {
		b.R, m.Err = o.decoder(f, b)
	}
	if m.Err != nil {
		o.Yield(m, nil)
		return
	}
	o.Yield(m, b)
}

func methodName(m byte) string {
	switch m {
	case stored:
		return "stored"
	case repeated:
		return "stuffit-rle"
	case lzw:
		return "stuffit-lzw"
	case huffed:
		return "stuffit-huffman"
	case lzah:
		return "lh1"
	case lzHuff:
		return "stuffit-13"
	case arsenic:
		return "arsenic"
	}
	return fmt.Sprintf("stuffit-%d", m)
}

// tables is what the tables of LZW take, in bytes.
const tables = 64 << 10

// decoder opens a fork, which is the body's.
func (o *opener) decoder(f fork, b *input.Packed) (io.Reader, error) {
	r := &level.Marked{R: saferead.Section(o.src, f.data, f.packed, o.size)}
	switch f.method {
	case stored:
		return r, nil
	case repeated:
		return lz.NewRepeats(bufio.NewReader(r)), nil
	case huffed:
		return newHuffed(bufio.NewReader(r), f.size), nil
	case lzw:
		if err := o.windows.Take(tables); err != nil {
			return nil, err
		}
		return &released{lz.NewLZW(input.NewBytes(r), lz.LZWShape{Bits: lzwBits, Grouped: true})}, nil
	case lzah:
		if err := o.windows.Take(lha.Window(lha.LH1)); err != nil {
			return nil, err
		}
		return lha.NewReader(lha.LH1, r, f.size), nil
	case lzHuff:
		if err := o.windows.Take(m13Window); err != nil {
			return nil, err
		}
		return newMethod13(bufio.NewReader(r), f.size), nil
	case arsenic:
		return newArsenic(bufio.NewReader(r), o.limits.Dictionary, func(crc uint32) { b.Want = crc }), nil
	}
	return nil, fmt.Errorf("method %s: %w", methodName(f.method), level.ErrUnsupported)
}

// released gives the decoder's buffers back at its end.
type released struct{ d *lz.LZW }

func (r *released) Read(p []byte) (int, error) {
	if r.d == nil {
		return 0, io.EOF
	}
	n, err := r.d.Read(p)
	if err != nil {
		r.d.Release()
		r.d = nil
	}
	return n, err
}

var errStream = errors.New("corrupt stream")

// maxNodes bounds the tree of a Huffman code: an honest one has 511.
const maxNodes = 1 << 12

// huffedReader decodes a Huffman code whose tree comes first: a one and a byte, or a
// zero and two trees.
type huffedReader struct {
	bits  huffman.Bits
	nodes [][2]int // the branches; a negative one is a byte's complement
	root  int
	left  int64
	err   error
}

func newHuffed(r io.ByteReader, size int64) *huffedReader {
	z := &huffedReader{left: size}
	z.bits.R = r
	if !z.tree() {
		z.err = z.bits.Fault(errStream)
	}
	return z
}

// tree reads the tree, each node before its branches.
func (z *huffedReader) tree() bool {
	type place struct{ node, branch int } // where a tree belongs
	todo := []place{{-1, 0}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		value := len(z.nodes)
		if z.bits.Take(1) == 1 {
			value = ^int(z.bits.Take(8))
		} else {
			if len(z.nodes) == maxNodes {
				return false
			}
			z.nodes = append(z.nodes, [2]int{})
			todo = append(todo, place{value, 1}, place{value, 0})
		}
		if z.bits.Short() {
			return false
		}
		if at.node < 0 {
			z.root = value
		} else {
			z.nodes[at.node][at.branch] = value
		}
	}
	return true
}

func (z *huffedReader) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), z.left)]
	n := 0
	for n < len(p) && z.err == nil {
		at := z.root
		for at >= 0 {
			at = z.nodes[at][z.bits.Take(1)]
		}
		if z.bits.Short() {
			z.err = z.bits.Fault(errStream)
			break
		}
		p[n] = byte(^at)
		n++
	}
	z.left -= int64(n)
	switch {
	case n > 0:
		return n, nil
	case z.left == 0:
		return 0, io.EOF
	}
	return 0, z.err
}
