package image

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// Decoders of a block. They append to dst up to most bytes, and stop there: what follows
// in the packed bytes fills a sector. A block that ends early is no error, its rest is
// zeros; what could be decoded of a broken one is returned with the error.

// unpackZlib returns a decoder of RFC 1950.
func unpackZlib() func(dst, packed []byte, most int64) ([]byte, error) {
	inflate := unpackDeflate()
	return func(dst, packed []byte, most int64) ([]byte, error) {
		if !zlib.Header(packed) {
			return dst, errPacked
		}
		return inflate(dst, packed[2:], most)
	}
}

// unpackDeflate returns a decoder of RFC 1951.
func unpackDeflate() func(dst, packed []byte, most int64) ([]byte, error) {
	var z io.ReadCloser
	return func(dst, packed []byte, most int64) ([]byte, error) {
		in := bytes.NewReader(packed)
		if z == nil {
			z = flate.NewReader(in)
		} else if err := z.(flate.Resetter).Reset(in, nil); err != nil {
			return dst, level.BodyError(err)
		}
		return appendUpTo(dst, z, most)
	}
}

// zstdWindow bounds a decoder's window, in bytes: clusters of QCOW have 2 MiB at most.
const zstdWindow = 8 << 20

// unpackZstd returns a decoder of RFC 8878. It reads in the caller's goroutine, so that
// nothing needs to be closed.
func unpackZstd() func(dst, packed []byte, most int64) ([]byte, error) {
	var z *zstd.Decoder
	return func(dst, packed []byte, most int64) ([]byte, error) {
		in := bytes.NewReader(packed)
		var err error
		if z == nil {
			z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		} else {
			err = z.Reset(in)
		}
		if err != nil {
			return dst, level.BodyError(err)
		}
		return appendUpTo(dst, z, most)
	}
}

// unpackStep is how much dst grows ahead of what is decoded, in bytes.
const unpackStep = 64 << 10

// appendUpTo appends what a decoder gives, up to most bytes.
func appendUpTo(dst []byte, r io.Reader, most int64) ([]byte, error) {
	for left := most; left > 0; {
		have := len(dst)
		step := int(min(left, unpackStep))
		dst = append(dst, make([]byte, step)...)
		n, err := io.ReadFull(r, dst[have:])
		dst = dst[:have+n]
		left -= int64(n)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return dst, nil
		default:
			return dst, level.BodyError(err)
		}
	}
	return dst, nil
}
