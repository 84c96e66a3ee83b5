package clamav

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// manifest is what the .info file of a container says of the other files.
type manifest struct {
	how   trust
	files map[string]entry
}

// entry is a line of a .info file, "name:size:SHA-256".
type entry struct {
	size   int64
	digest []byte
}

const maxInfoBytes = 1 << 20

var errFound = errors.New("found")

// newManifest reads and checks the .info file of the container in r. Only a .cld
// must have one: the header of the others vouches for the whole.
func newManifest(r io.Reader, how trust, keys *keyring) (*manifest, error) {
	m := &manifest{how: how}
	var text []byte
	err := walk(r, func(name string, r io.Reader) (err error) {
		if extension(name) != ".info" {
			return nil
		}
		if text, err = io.ReadAll(io.LimitReader(r, maxInfoBytes+1)); err == nil {
			err = errFound
		}
		return err
	})
	switch {
	case err == nil && how == local:
		return nil, fmt.Errorf("no .info file: %w", ErrSignature)
	case err == nil:
		return m, nil
	case err != errFound:
		return nil, err
	case len(text) > maxInfoBytes:
		return nil, fmt.Errorf("%w: .info of more than %d bytes", ErrLimit, maxInfoBytes)
	}
	if err := m.parse(text, keys); err != nil {
		return nil, fmt.Errorf(".info: %w", err)
	}
	return m, nil
}

// parse reads lines up to the one with the signature over them, "DSIG:…".
func (m *manifest) parse(text []byte, keys *keyring) error {
	m.files = map[string]entry{}
	begin := text
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxInfoBytes)
	for lines.Scan() {
		line := lines.Text()
		if signature, ok := strings.CutPrefix(line, "DSIG:"); ok && m.how != unsigned {
			sum := sha256.Sum256(begin[:len(begin)-len(text)])
			return keys.verifySHA256(sum[:], strings.TrimRight(signature, "\r"))
		}
		text = text[min(len(text), len(line)+1):]
		f := strings.Split(strings.TrimRight(line, "\r"), ":")
		if len(f) != 3 {
			continue // the header once more
		}
		size, err := strconv.ParseInt(f[1], 10, 64)
		digest, err2 := hex.DecodeString(f[2])
		if err != nil || err2 != nil || len(digest) != sha256.Size {
			return fmt.Errorf("%w: line %q", ErrFormat, clip(line))
		}
		m.files[f[0]] = entry{size, digest}
	}
	if m.how != unsigned {
		return fmt.Errorf("no signature: %w", ErrSignature)
	}
	return lines.Err()
}

// checked calls each with a file, and compares what it was with the manifest.
func (m *manifest) checked(name string, r io.Reader, each func(string, io.Reader) error) error {
	e, listed := m.files[name]
	if !listed {
		if m.files != nil && kinds[extension(name)] != 0 {
			return fmt.Errorf("%s: not in the .info file: %w", clip(name), ErrDigest)
		}
		return each(name, r)
	}
	sum := sha256.New()
	count := &counter{}
	r = io.TeeReader(r, io.MultiWriter(sum, count))
	if err := each(name, r); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if count.n != e.size || !bytes.Equal(sum.Sum(nil), e.digest) {
		return fmt.Errorf("%s: SHA-256 %x: %w", clip(name), sum.Sum(nil), ErrDigest)
	}
	return nil
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// extension returns a name's extension in lower case with its dot.
func extension(name string) string { return strings.ToLower(path.Ext(name)) }
