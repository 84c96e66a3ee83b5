package archive

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// samples are honest files of payload, one of each format that is made here
// without a program, or with one that is installed.
func samples(t testing.TB) map[Format][]byte {
	all := map[Format][]byte{
		Xz:       append(archivetest.XzOf(0, archivetest.XzBlockOf(archivetest.Payload, "\x03\x01\x02\x04\x00", 2, 0, nil)), "\x00\x01"...),
		Compress: archivetest.LZWOf(archivetest.Payload, 16, true, 30),
		Cpio:     archivetest.CpioOf(archivetest.File{Name: "p", Data: archivetest.Payload}),
		Ar:       archivetest.ArOf(archivetest.File{Name: "p/", Data: archivetest.Payload}),
		Rpm:      archivetest.RPMOf("none", archivetest.Payload),
	}
	for format, command := range map[Format][]string{
		Xz: {"xz", "--block-size=100", "--x86", "--delta=dist=3", "--lzma2", "-c"}, Lzma: {"xz", "--format=lzma", "-c"}, Lzip: {"lzip", "-c"},
		Zstd: {"zstd", "-qc", "--check"}, Lz4: {"lz4", "-qc", "-BX", "-BD"}, Lzop: {"lzop", "-qc"},
	} {
		data, err := archivetest.Pipe(archivetest.Payload, command[0], command[1:]...)
		if err == nil {
			all[format] = data
		} else {
			delete(all, format)
		}
	}
	return all
}

// TestFormatsContract runs iotest over the bodies.
func TestFormatsContract(t *testing.T) {
	for f, data := range samples(t) {
		r, err := Open(f, bytes.NewReader(data), int64(len(data)), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if _, err := r.Next(); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if err := iotest.TestReader(r, []byte(archivetest.Payload)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Errorf("%s: Close: %v", f, err)
			}
		}
		if _, err := r.Next(); err == nil || err == io.EOF {
			t.Errorf("%s: Next after Close: %v", f, err)
		}
	}
}

// TestFormatsSourceError: what the source answers comes through.
func TestFormatsSourceError(t *testing.T) {
	broken := errors.New("disk on fire")
	for f, data := range samples(t) {
		for from := range len(data) {
			src := archivetest.Failing{Reader: bytes.NewReader(data), From: int64(from), Err: broken}
			r, err := Open(f, src, int64(len(data)), Limits{})
			for err == nil {
				if _, err = r.Next(); err == nil {
					_, err = io.Copy(io.Discard, r)
				}
			}
			if (f == Cpio || f == Ar) && from >= len(data)-3 && err == io.EOF {
				continue // what fills the last member up is not read
			}
			if !errors.Is(err, broken) || errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: failing from %d: %v", f, from, err)
			}
			if r != nil {
				r.Close()
			}
		}
	}
}

// TestFormatsCut: a file that ends early yields what there is, and says so.
func TestFormatsCut(t *testing.T) {
	for f, data := range samples(t) {
		for n := range len(data) {
			r, err := Open(f, bytes.NewReader(data[:n]), int64(n), Limits{})
			if err != nil {
				continue
			}
			for err == nil {
				if _, err = r.Next(); err != nil {
					break
				}
				var body []byte
				if body, err = io.ReadAll(r); !bytes.HasPrefix([]byte(archivetest.Payload), body) {
					t.Fatalf("%s cut to %d: %q", f, n, body)
				}
			}
			// An ar or .Z file says nowhere where it ends, a cpio file only by its
			// trailer; an rpm package ends with its payload.
			if err == io.EOF && f != Ar && f != Compress && f != Cpio && f != Rpm {
				t.Errorf("%s cut to %d of %d: no error", f, n, len(data))
			}
			if err != io.EOF && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s cut to %d: %v", f, n, err)
			}
			r.Close()
		}
	}
}
