package archive_test

import (
	stdzip "archive/zip"
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive"
)

func Example() {
	var buf bytes.Buffer
	w := stdzip.NewWriter(&buf)
	f, _ := w.Create("docs/hello.txt")
	io.WriteString(f, "hello")
	w.Close()

	src, size := bytes.NewReader(buf.Bytes()), int64(buf.Len())
	for _, format := range archive.Detect(src, size) {
		r, err := archive.Open(format, src, size, archive.Limits{})
		if err != nil {
			fmt.Println(err)
			continue
		}
		for {
			m, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				fmt.Println(err) // there may be more members
				break
			}
			n, err := io.Copy(io.Discard, r)
			fmt.Printf("%s %q %s: %d bytes, %v\n", format, m.Names, m.Method, n, err)
		}
		r.Close()
	}
	// Output: zip ["docs/hello.txt"] deflate: 5 bytes, <nil>
}
