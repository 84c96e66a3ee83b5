package wim

import (
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzms"
)

// captured is an image of files that wimlib made.
func captured(t testing.TB, files map[string]string, method string) []byte {
	root, image := archivetest.Plant(t, files), filepath.Join(t.TempDir(), "image.wim")
	archivetest.Run(t, "wimlib-imagex", "capture", root, image, "--no-acls", "--compress="+method)
	return archivetest.Slurp(t, image)
}

// chunksOf are the packed chunks of an image's first resource, which is the body.
func chunksOf(data []byte) (chunks [][]byte, chunk int) {
	var body resource
	for table := parseResource(data[48:]); body.off != headerBytes; table.off += entryBytes {
		body = parseResource(data[table.off:])
	}
	chunk = int(binary.LittleEndian.Uint32(data[20:]))
	count := (int(body.original) + chunk - 1) / chunk
	places := data[headerBytes : headerBytes+4*(count-1)]
	packed := data[headerBytes+len(places) : headerBytes+body.size]
	from := uint32(0)
	for ; len(places) > 0; places = places[4:] {
		to := binary.LittleEndian.Uint32(places)
		chunks = append(chunks, packed[from:to])
		from = to
	}
	return append(chunks, packed[from:]), chunk
}

func BenchmarkWIM(b *testing.B) {
	body := archivetest.Text(4 << 20)
	files := map[string]string{"a.txt": body}
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, Format, captured(b, files, "none"), body) })
	for _, method := range []string{"XPRESS", "LZX", "LZMS"} {
		b.Run("method="+method, func(b *testing.B) {
			data := captured(b, files, method)
			chunks, chunk := chunksOf(data)
			var decode func(out, in []byte) (int, error)
			switch method {
			case "XPRESS":
				decode = new(xpressDecoder).decode
			case "LZX":
				d, err := newLZX(int64(chunk))
				if err != nil {
					b.Fatal(err)
				}
				decode = d.decode
			case "LZMS":
				d := new(lzms.Decoder)
				decode = func(out, in []byte) (int, error) {
					out, err := d.Decode(out[:0], len(out), in)
					return len(out), err
				}
			}
			out := make([]byte, chunk)
			archivetest.Beside(b, Format, data, len(body), "decoder", func() io.Reader {
				return archivetest.Chunks(len(chunks), func(i int) []byte {
					n, err := decode(out[:min(chunk, len(body)-i*chunk)], chunks[i])
					if err != nil {
						b.Fatal(err)
					}
					return out[:n]
				})
			})
		})
	}
}

func BenchmarkWIMMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := map[string]string{}
		for i := range n {
			files[name(i)] = fmt.Sprint(body, i)
		}
		return captured(b, files, "XPRESS")
	})
}
