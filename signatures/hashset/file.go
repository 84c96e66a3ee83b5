package hashset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// Recognize says whether the file at path is one for [Open], of whatever version
// and in whatever state. A list is not.
func Recognize(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("hashset: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, fmt.Errorf("hashset: %w", err)
	}
	return string(head) == magic, nil
}

// Open opens a file that [Builder.WriteFile] wrote. It reads the header only:
// what was changed elsewhere shows in Verify, or when it is met, and then as an
// error of Inspect. Errors wrap ErrForeign or ErrDamaged, or are the system's.
//
// The file is mapped where the system can, else read. While it is open it must
// not be written to or cut, only be replaced by another under its name, as
// WriteFile does.
func Open(path string) (*Set, error) {
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("hashset: %s: %w", path, err)
	}
	return s, nil
}

func open(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrForeign
	}
	header := make([]byte, headerSize)
	n, err := f.ReadAt(header, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	l, err := decode(header[:n], info.Size())
	if err != nil {
		return nil, err
	}
	s := new(Set)
	if s.file, err = mapFile(f, info.Size()); err != nil {
		return nil, err
	}
	s.use(s.file.bytes, l)
	s.adviseRandom()
	return s, nil
}

var errClosed = errors.New("the set is closed")

// Close releases a mapped file, once no scan uses the set: Inspect is an error
// from then on. A second Close does nothing.
func (s *Set) Close() error {
	if s.closed.Swap(true) || s.file.bytes == nil {
		return nil
	}
	if err := s.file.unmap(); err != nil {
		return fmt.Errorf("hashset: %w", err)
	}
	return nil
}

// Verify reads a mapped file whole and checks it against the digest in its
// header. It takes about a second for a gigabyte.
func (s *Set) Verify() (err error) {
	if s.closed.Load() {
		return fmt.Errorf("hashset: %w", errClosed)
	}
	if s.file.bytes == nil {
		return nil
	}
	defer faults(&err)()
	s.adviseSequential()
	defer s.adviseRandom()
	sum, err := digestOf(bytes.NewReader(s.file.bytes[headerSize:]))
	if err == nil && sum != s.layout.Body {
		err = fmt.Errorf("hashset: %w", damaged("its digest differs"))
	}
	return err
}

// faults turns a fault of memory, until the function that it returns is called,
// into an error: a file that is cut while it is mapped would else end the program.
func faults(err *error) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		switch r := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr
		}:
			*err = fmt.Errorf("hashset: %w", damaged("it was cut or could not be read while it was in use: %v", r))
		default:
			panic(r)
		}
	}
}
