package workload

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
)

// zipped packs files as desktop archivers do: deflate at the default level, what
// is compressed already stored, sizes in the local headers.
func zipped(name string, files ...file) file {
	var out bytes.Buffer
	var inner []Object
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{
			Name:               f.name,
			Method:             zip.Deflate,
			CRC32:              crc32.ChecksumIEEE(f.data),
			UncompressedSize64: uint64(len(f.data)),
		}
		coding, encoded := Deflate, deflate(f.data)
		if len(encoded) >= len(f.data) {
			h.Method, coding, encoded = zip.Store, Identity, f.data
		}
		h.CompressedSize64 = uint64(len(encoded))
		fw, err := w.CreateRaw(h)
		if err == nil {
			_, err = fw.Write(encoded)
		}
		if err != nil {
			panic(err) // a bytes.Buffer does not fail
		}
		inner = append(inner, f.objects(coding, encoded)...)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return file{name: name, mediaType: "application/zip", data: out.Bytes(), inner: inner}
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}
