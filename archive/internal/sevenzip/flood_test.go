package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// wide is a number in nine bytes.
func wide(n int) []byte { return binary.LittleEndian.AppendUint64([]byte{0xff}, uint64(n)) }

// flood is an archive of n stored folders of as many streams of one byte each as sizes
// says, which have digests.
func flood(data string, n int, streams int) []byte {
	h := slices.Concat([]byte{id7zHeader, id7zMain, id7zPackInfo, 0}, wide(n), []byte{id7zSize}, bytes.Repeat([]byte{byte(streams)}, n), []byte{0})
	h = slices.Concat(h, []byte{id7zUnpackInfo, id7zFolder}, wide(n), []byte{0}, bytes.Repeat([]byte{1, 1, m7zCopy}, n))
	h = slices.Concat(h, []byte{id7zUnpackSize}, bytes.Repeat([]byte{byte(streams)}, n), []byte{0})
	h = slices.Concat(h, []byte{id7zSubStreams, id7zNumStreams}, bytes.Repeat([]byte{byte(streams)}, n), []byte{id7zSize}, bytes.Repeat([]byte{1}, n*(streams-1)), []byte{id7zCRC, 1})
	for i := range n * streams {
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte{data[i%len(data)]}))
	}
	h = append(h, 0, 0, id7zFiles)
	h = append(h, wide(n*streams)...)
	names := []byte{0}
	for i := range n * streams {
		names = append(names, 'a'+byte(i%26), 0, 0, 0)
	}
	h = slices.Concat(h, []byte{id7zNames}, wide(len(names)), names, []byte{0, 0})
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(h)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(h))
	return slices.Concat(signature, []byte{0, 4}, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(start)), start, []byte(data), h)
}

// Folders and streams behind those that can be members are passed over: the header is
// read to its end, what is kept is whole, and the limit is named.
func TestMoreFoldersThanMembers(t *testing.T) {
	const data = "0123456789AB"
	for members := 1; members <= 14; members++ {
		for _, streams := range []int{1, 3} {
			file := flood(data, len(data)/streams, streams)
			r, err := level.Open(Format, bytes.NewReader(file), int64(len(file)), level.Limits{Members: members})
			if err != nil {
				t.Fatal(err)
			}
			for i := range min(members, len(data)) {
				m, err := r.Next()
				if err != nil {
					t.Fatalf("%d members of %d streams: %v", members, streams, err)
				}
				b, err := io.ReadAll(r)
				if string(b) != data[i:i+1] || err != nil || len(m.Names) != 1 || m.Names[0] != string('a'+rune(i)) {
					t.Errorf("%d members of %d streams: %q is %q, %v", members, streams, m.Names, b, err)
				}
			}
			_, err = r.Next()
			if members < len(data) && !errors.Is(err, level.ErrLimit) || members >= len(data) && err != io.EOF {
				t.Errorf("%d members of %d streams: %v at the end", members, streams, err)
			}
		}
	}
}

// A header of many folders or streams takes memory by the members that there may be.
func TestFolderFlood(t *testing.T) {
	archivetest.Bomb(t, Format, flood("x", 800_000, 1), true)
	archivetest.Bomb(t, Format, flood("x", 10_000, 100), true)
}

// Archives in a row are read up to a bound, which is named.
func TestArchivesInARow(t *testing.T) {
	one := flood("x", 1, 1)
	for n, want := range map[int]error{3: io.EOF, maxArchives + 1: io.EOF, maxArchives + 2: level.ErrLimit} {
		file := bytes.Repeat(one, n)
		r, err := level.Open(Format, bytes.NewReader(file), int64(len(file)), level.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for err == nil {
			if _, err = r.Next(); err == nil {
				got++
			}
		}
		if !errors.Is(err, want) || got != min(n, maxArchives+1) {
			t.Errorf("%d archives: %d members, %v", n, got, err)
		}
	}
}
