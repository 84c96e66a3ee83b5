package spool

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand"
	"os"
	"testing"
	"testing/iotest"
)

func fill(t *testing.T, b *Buffer, data []byte) {
	t.Helper()
	for len(data) > 0 {
		n := min(len(data), 1+rand.Intn(9000))
		if _, err := b.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
}

func TestBuffer(t *testing.T) {
	for _, memory := range []int64{0, 1 << 10, 64 << 10, 1 << 20} {
		for _, size := range []int{0, 1, 4096, 4097, 200_000} {
			dir := t.TempDir()
			s := NewStore(dir, memory)
			b := s.New()
			data := make([]byte, size)
			rand.New(rand.NewSource(int64(size))).Read(data)
			fill(t, b, data)

			got, err := b.Bytes()
			if err != nil || !bytes.Equal(got, data) || b.Size() != int64(size) {
				t.Fatalf("memory %d, size %d: %d bytes, %v", memory, size, len(got), err)
			}
			if b.SHA256() != sha256.Sum256(data) {
				t.Errorf("memory %d, size %d: wrong digest", memory, size)
			}
			if err := iotest.TestReader(io.NewSectionReader(b, 0, b.Size()), data); err != nil {
				t.Errorf("memory %d, size %d: %v", memory, size, err)
			}
			if s.used > memory {
				t.Errorf("memory %d: %d used", memory, s.used)
			}
			if onDisk := s.Spooled() > 0; onDisk != (b.file != nil) {
				t.Errorf("spooled %d, file %v", s.Spooled(), b.file)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("the file has a name: %v", left)
			}
			b.Release()
			b.Release()
			if s.used != 0 {
				t.Errorf("memory %d: %d used after release", memory, s.used)
			}
			if _, err := b.Write([]byte("x")); err == nil {
				t.Error("write after release")
			}
		}
	}
}

func TestUnusableFolder(t *testing.T) {
	b := NewStore("/nonexistent/folder", 0).New()
	defer b.Release()
	if _, err := b.Write([]byte("x")); err == nil {
		t.Error("no error")
	}
}

// Many small objects share the allowance: what does not fit goes to disk.
func TestSharedAllowance(t *testing.T) {
	s := NewStore(t.TempDir(), 16<<10)
	var all []*Buffer
	for i := range 10 {
		b := s.New()
		fill(t, b, []byte{byte(i)})
		all = append(all, b)
	}
	if s.used > 16<<10 || s.Spooled() == 0 {
		t.Errorf("used %d, spooled %d", s.used, s.Spooled())
	}
	for i, b := range all {
		if got, err := b.Bytes(); err != nil || len(got) != 1 || got[0] != byte(i) {
			t.Errorf("buffer %d: %v %v", i, got, err)
		}
		b.Release()
	}
}

func BenchmarkBuffer(b *testing.B) {
	s := NewStore(b.TempDir(), 32<<20)
	chunk := make([]byte, 32<<10)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		buf := s.New()
		for range 32 {
			buf.Write(chunk)
		}
		buf.Finish()
		buf.Release()
	}
}
