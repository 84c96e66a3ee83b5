package clamav

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Header is what a container of signatures says of itself in its first 512
// bytes.
type Header struct {
	Time       string // of its making, as it stands there
	Version    int
	Signatures int
	Level      int    // functionality level that it needs
	MD5        string // of all that follows the header, in hexadecimal digits; "X" if it has none
	Signature  string // over MD5; see verifyMD5
	Builder    string
}

const headerBytes = 512

// magic begins a header.
const magic = "ClamAV-VDB:"

// Errors of a container. They work with errors.Is.
var (
	ErrFormat    = errors.New("not a container of ClamAV signatures")
	ErrDigest    = errors.New("the digest in the header is not that of the content")
	ErrSignature = errors.New("the digital signature is not valid")
	ErrLimit     = errors.New("limit exceeded")
)

// parseHeader reads the header that b begins with.
func parseHeader(b []byte) (h Header, err error) {
	if len(b) < headerBytes || string(b[:len(magic)]) != magic {
		return h, ErrFormat
	}
	line, _, _ := strings.Cut(string(b[:headerBytes]), "\n")
	f := strings.Split(strings.TrimRight(line, " \r\x00"), ":")
	if len(f) < 8 {
		return h, fmt.Errorf("%w: %d fields in the header, not 8 or 9", ErrFormat, len(f))
	}
	h = Header{Time: f[1], MD5: strings.ToLower(f[5]), Signature: f[6], Builder: f[7]}
	for i, to := range []*int{&h.Version, &h.Signatures, &h.Level} {
		if *to, err = strconv.Atoi(f[2+i]); err != nil || *to < 0 {
			return h, fmt.Errorf("%w: %q in the header is no number", ErrFormat, clip(f[2+i]))
		}
	}
	return h, nil
}

// trust is how a container proves that it is whole and whose it is.
type trust uint8

const (
	signed   trust = iota // .cvd: digest and signature in the header
	unsigned              // .cud: digest in the header
	local                 // .cld: digests and a signature in its .info, as it was put together here
)

// openContainer checks the container in r and calls each with every file in it,
// in their order. A file that is not read to its end is passed over; the reader
// dies when each returns.
func openContainer(r io.ReadSeeker, how trust, keys *keyring, each func(name string, r io.Reader) error) (Header, error) {
	head := make([]byte, headerBytes)
	if _, err := io.ReadFull(r, head); err != nil {
		return Header{}, ErrFormat
	}
	h, err := parseHeader(head)
	if err != nil {
		return h, err
	}
	if err := h.check(r, how, keys); err != nil {
		return h, err
	}
	if _, err := r.Seek(headerBytes, io.SeekStart); err != nil {
		return h, err
	}
	m, err := newManifest(r, how, keys)
	if err != nil {
		return h, err
	}
	if _, err := r.Seek(headerBytes, io.SeekStart); err != nil {
		return h, err
	}
	return h, walk(r, func(name string, r io.Reader) error { return m.checked(name, r, each) })
}

// check compares the digest of what follows the header, and its signature.
func (h *Header) check(r io.Reader, how trust, keys *keyring) error {
	if how == local && strings.EqualFold(h.MD5, "x") {
		return nil // freshclam knows none: the .info has one for each file
	}
	sum := md5.New()
	if _, err := io.Copy(sum, r); err != nil {
		return err
	}
	digest := sum.Sum(nil)
	want, err := hex.DecodeString(h.MD5)
	if how != local && (err != nil || string(want) != string(digest)) {
		return fmt.Errorf("MD5 %x: %w", digest, ErrDigest)
	}
	if how == signed {
		return keys.verifyMD5(digest, h.Signature)
	}
	return nil
}

// Bounds of what a container unpacks to. main.cvd has some 400 MB in 15 files.
const (
	maxMembers     = 256
	maxMemberBytes = 1 << 30
	maxTotalBytes  = 4 << 30
)

// bounded is a reader that fails after so many bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: %d bytes of all files", ErrLimit, int64(maxTotalBytes))
	}
	return n, err
}

// walk goes through the files of a tar, which may be packed by gzip.
func walk(r io.Reader, each func(name string, r io.Reader) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var plain io.Reader = in
	if b, _ := in.Peek(2); string(b) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		plain = z
	}
	t := tar.NewReader(&bounded{plain, maxTotalBytes})
	for n := 0; ; n++ {
		h, err := t.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("tar: %w", err)
		case n == maxMembers || h.Size > maxMemberBytes:
			return fmt.Errorf("%w: %d files, of %d bytes each", ErrLimit, maxMembers, maxMemberBytes)
		case h.Typeflag != tar.TypeReg || strings.ContainsAny(h.Name, "/\\\x00"):
			return fmt.Errorf("tar: %q is no plain file", clip(h.Name))
		}
		if err := each(h.Name, t); err != nil {
			return err
		}
	}
}
