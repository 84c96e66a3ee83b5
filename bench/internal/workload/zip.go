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
	var d deflater
	for _, f := range files {
		h := &zip.FileHeader{
			Name:               f.name,
			Method:             zip.Deflate,
			CRC32:              crc32.ChecksumIEEE(f.data),
			UncompressedSize64: uint64(len(f.data)),
		}
		coding, encoded := Deflate, d.deflate(f.data)
		if len(encoded) >= len(f.data) {
			h.Method, coding, encoded = zip.Store, Identity, f.data
		}
		h.CompressedSize64 = uint64(len(encoded))
		fw, err := w.CreateRaw(h)
		if err == nil {
			_, err = fw.Write(encoded)
		}
		if err != nil {
			panic(err)
		}
		inner = append(inner, f.objects(coding, encoded)...)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return file{name: name, mediaType: "application/zip", data: out.Bytes(), inner: inner}
}

// deflater keeps its compressor, which is large, from file to file.
type deflater struct{ w *flate.Writer }

func (d *deflater) deflate(data []byte) []byte {
	var b bytes.Buffer
	var err error
	if d.w == nil {
		d.w, err = flate.NewWriter(&b, flate.DefaultCompression)
	} else {
		d.w.Reset(&b)
	}
	if err == nil {
		_, err = d.w.Write(data)
	}
	if err == nil {
		err = d.w.Close()
	}
	if err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return b.Bytes()
}
