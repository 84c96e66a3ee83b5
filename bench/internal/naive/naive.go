// Package naive is the scanner that is quickly written: go-message splits the
// mail, archive/zip opens what begins like a zip, io.ReadAll holds it all, and
// recursion does the rest. It has no limits, reads everything in one way and
// gives up at the first fault, so that it is a measure of speed only.
package naive

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message"
)

// Digest is the SHA-256 of one object.
type Digest = [sha256.Size]byte

// Scan returns the digests of the message and of every object in it, in the
// order of the tree.
func Scan(r io.Reader) ([]Digest, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return file(nil, "message/rfc822", raw)
}

// file takes the digest of b and opens it.
func file(sums []Digest, mediaType string, b []byte) ([]Digest, error) {
	sums = append(sums, sha256.Sum256(b))
	switch {
	case mediaType == "message/rfc822":
		e, err := message.Read(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("reading the message: %w", err)
		}
		return entity(sums, e)
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return archive(sums, b)
	}
	return sums, nil
}

func entity(sums []Digest, e *message.Entity) ([]Digest, error) {
	mr := e.MultipartReader()
	if mr == nil {
		mediaType, _, err := e.Header.ContentType()
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(e.Body)
		if err != nil {
			return nil, err
		}
		return file(sums, strings.ToLower(mediaType), b)
	}
	for {
		p, err := mr.NextPart()
		if err == io.EOF {
			return sums, nil
		}
		if err == nil {
			sums, err = entity(sums, p)
		}
		if err != nil {
			return nil, err
		}
	}
}

func archive(sums []Digest, b []byte) ([]Digest, error) {
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	for _, f := range zr.File {
		if sums, err = member(sums, f); err != nil {
			return nil, fmt.Errorf("%q: %w", f.Name, err)
		}
	}
	return sums, nil
}

func member(sums []Digest, f *zip.File) ([]Digest, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return file(sums, "", b)
}
