package clamav

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// signer makes containers that are signed with keys of its own.
type signer struct {
	md5, sha256 *rsa.PrivateKey
}

// signers are made once: keys take their time.
var signers [2]*signer

func newSigner(t testing.TB) *signer { return signerOf(t, 0) }

func signerOf(t testing.TB, n int) *signer {
	t.Helper()
	if signers[n] == nil {
		signers[n] = makeSigner(t)
	}
	return signers[n]
}

func makeSigner(t testing.TB) *signer {
	t.Helper()
	s := &signer{}
	for bits, to := range map[int]**rsa.PrivateKey{1024: &s.md5, 2048: &s.sha256} {
		primes := make([]*big.Int, 2)
		for i := range primes {
			p, err := rand.Prime(rand.Reader, bits/2)
			if err != nil {
				t.Fatal(err)
			}
			primes[i] = p
		}
		one := big.NewInt(1)
		n := new(big.Int).Mul(primes[0], primes[1])
		phi := new(big.Int).Mul(new(big.Int).Sub(primes[0], one), new(big.Int).Sub(primes[1], one))
		d := new(big.Int).ModInverse(big.NewInt(65537), phi)
		if d == nil {
			t.Skip("unlucky primes")
		}
		*to = &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: primes}
	}
	return s
}

func (s *signer) keys() *keyring {
	public := func(k *rsa.PrivateKey) publicKey { return publicKey{k.N, big.NewInt(int64(k.E))} }
	return &keyring{md5: public(s.md5), sha256: public(s.sha256)}
}

// seal is what open undoes.
func seal(k *rsa.PrivateKey, plain []byte) string {
	c := new(big.Int).Exp(new(big.Int).SetBytes(plain), k.D, k.N)
	var b strings.Builder
	for c.Sign() > 0 {
		b.WriteByte(alphabet[new(big.Int).And(c, big.NewInt(63)).Int64()])
		c.Rsh(c, 6)
	}
	return b.String()
}

// sealSHA256 signs a digest by RSA-PSS.
func (s *signer) sealSHA256(t testing.TB, digest []byte) string {
	t.Helper()
	size, hlen := (s.sha256.N.BitLen()+7)/8, sha256.Size
	salt := bytes.Repeat([]byte{7}, hlen)
	hash := sha256.Sum256(append(append(make([]byte, 8), digest...), salt...))
	em := make([]byte, size)
	copy(em[size-hlen-1:], hash[:])
	em[size-1] = 0xbc
	em[size-2*hlen-2] = 1
	copy(em[size-2*hlen-1:], salt)
	mask(em[:size-hlen-1], hash[:])
	em[0] &= 0xff >> (8*size - s.sha256.N.BitLen() + 1)
	return seal(s.sha256, em)
}

// file is a file of a container.
type file struct{ name, text string }

func tarOf(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, f.text)
	}
	w.Close()
	return b.Bytes()
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func headed(payload []byte, md5Text, signature string) []byte {
	head := fmt.Sprintf("ClamAV-VDB:01 Jan 2026 00-00 +0000:7:3:90:%s:%s:me:1700000000", md5Text, signature)
	return append([]byte(head+strings.Repeat(" ", headerBytes-len(head))), payload...)
}

// info is the .info file of files.
func (s *signer) info(t testing.TB, files []file, sign bool) file {
	t.Helper()
	text := "ClamAV-VDB:01 Jan 2026 00-00 +0000:7:3:90:X:X:me:1700000000\n"
	for _, f := range files {
		text += fmt.Sprintf("%s:%d:%x\n", f.name, len(f.text), sha256.Sum256([]byte(f.text)))
	}
	if sign {
		sum := sha256.Sum256([]byte(text))
		text += "DSIG:" + s.sealSHA256(t, sum[:]) + "\n"
	}
	return file{"test.info", text}
}

var someFiles = []file{
	{"test.ndb", "Test.One:0:*:41424344\n"},
	{"test.hdb", "44d88612fea8a8f36de82e1278abb02f:68:Test.Two\n"},
}

func (s *signer) cvd(t testing.TB, files []file) []byte {
	t.Helper()
	all := append([]file{{"COPYING", "free\n"}, s.info(t, files, true)}, files...)
	payload := gzipped(tarOf(t, all))
	sum := md5.Sum(payload)
	return headed(payload, fmt.Sprintf("%x", sum), seal(s.md5, sum[:]))
}

func (s *signer) cld(t testing.TB, files []file) []byte {
	t.Helper()
	return headed(tarOf(t, append([]file{{"COPYING", "free\n"}, s.info(t, files, true)}, files...)), "X", "X")
}

// loadBytes loads a container from a file, and returns the names of its lists.
func loadBytes(t testing.TB, keys *keyring, name string, b []byte) (*Database, []string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var lists []string
	db, err := load(Config{Paths: []string{path}, Hashes: func(r io.Reader, name string) error {
		text, err := io.ReadAll(r)
		lists = append(lists, filepath.Base(name)+"="+string(text))
		return err
	}}, keys)
	return db, lists, err
}

func TestContainers(t *testing.T) {
	s := newSigner(t)
	for name, b := range map[string][]byte{"a.cvd": s.cvd(t, someFiles), "a.cld": s.cld(t, someFiles)} {
		db, lists, err := loadBytes(t, s.keys(), name, b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(lists) != 1 || lists[0] != "test.hdb="+someFiles[1].text {
			t.Errorf("%s: lists %q", name, lists)
		}
		if db.Stats.Body != 1 || len(db.Warnings) > 0 || !strings.HasSuffix(db.Rules[0].Name, name+"/test.ndb") {
			t.Errorf("%s: %+v", name, db)
		}
	}
}

func TestContainersRefused(t *testing.T) {
	s := newSigner(t)
	other := signerOf(t, 1)
	cvd, cld := s.cvd(t, someFiles), s.cld(t, someFiles)
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	replace := func(b []byte, from, to string) []byte {
		if !bytes.Contains(b, []byte(from)) {
			t.Fatalf("no %q to replace", from)
		}
		return bytes.Replace(b, []byte(from), []byte(to), 1)
	}
	unsignedCVD := headed(cvd[headerBytes:], fmt.Sprintf("%x", md5.Sum(cvd[headerBytes:])), "X")
	noInfo := headed(tarOf(t, someFiles), "X", "X")
	noSignature := headed(tarOf(t, append([]file{s.info(t, someFiles, false)}, someFiles...)), "X", "X")
	for _, c := range []struct {
		what, name string
		b          []byte
		want       error
	}{
		{"a byte of the content", "a.cvd", flip(cvd, len(cvd)-9), ErrDigest},
		{"cut", "a.cvd", cvd[:len(cvd)-1], ErrDigest},
		{"longer", "a.cvd", append(bytes.Clone(cvd), 0), ErrDigest},
		{"another's signature", "a.cvd", other.cvd(t, someFiles), ErrSignature},
		{"no signature", "a.cvd", unsignedCVD, ErrSignature},
		{"a header only", "a.cvd", cvd[:headerBytes], ErrDigest},
		{"no header", "a.cvd", cvd[1:], ErrFormat},
		{"a .cld as .cvd", "a.cvd", cld, ErrDigest},
		{"a signature in a .cld", "a.cld", other.cld(t, someFiles), ErrSignature},
		{"a file of a .cld", "a.cld", replace(cld, "Test.One:0", "Test.Ono:0"), ErrDigest},
		{"a line of its .info", "a.cld", replace(cld, "test.ndb:22:", "test.ndb:23:"), ErrSignature},
		{"a file that is not listed", "a.cld", replace(cld, "test.hdb\x00", "tost.hdb\x00"), nil},
		{"no .info in a .cld", "a.cld", noInfo, ErrSignature},
		{"an .info without signature", "a.cld", noSignature, ErrSignature},
	} {
		db, _, err := loadBytes(t, s.keys(), c.name, c.b)
		if err == nil || db != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

func TestUnsafeTar(t *testing.T) {
	s := newSigner(t)
	for _, name := range []string{"../x.ndb", "a/x.ndb", `a\x.ndb`} {
		payload := tarOf(t, []file{{name, "Test.One:0:*:41424344\n"}})
		b := headed(payload, fmt.Sprintf("%x", md5.Sum(payload)), "X")
		if _, _, err := loadBytes(t, s.keys(), "a.cud", b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var many []file
	for i := range maxMembers + 1 {
		many = append(many, file{fmt.Sprintf("%d.ndb", i), ""})
	}
	payload := tarOf(t, many)
	b := headed(payload, fmt.Sprintf("%x", md5.Sum(payload)), "X")
	if _, _, err := loadBytes(t, s.keys(), "a.cud", b); !errors.Is(err, ErrLimit) {
		t.Errorf("many: %v", err)
	}
}

// The header of a daily.cvd that ClamAV published on 16 April 2020: its digest and
// the signature over it.
func TestPublishedSignature(t *testing.T) {
	const (
		sum       = "92baacd59fd26e6bcf03077add78d209"
		signature = "4Jp9JtGJY6nUk8JHDQQpQeBwlfXqskvhXL+vesDNqAeWCmjbudU+Hy/Nj4/BH2vl70c/R5B/VYY+eqqCQo6o7VGLqLJr/E+19gejqMp/iRcuHrtnLw6V/x3UjO3/qYVSlcJvAjtMI7FK32wjB+Sp8kaS/ZbfaFQp6trRQhisjqf"
	)
	digest, _ := new(big.Int).SetString(sum, 16)
	keys := clamKeys()
	if err := keys.verifyMD5(digest.Bytes(), signature); err != nil {
		t.Error(err)
	}
	if err := keys.verifyMD5(append([]byte{0}, digest.Bytes()[1:]...), signature); !errors.Is(err, ErrSignature) {
		t.Error("another digest:", err)
	}
	if keys.md5.n.BitLen() != 1024 || keys.sha256.n.BitLen() != 2047 {
		t.Error("a digit of a key is lost")
	}
}

// Sigtool, of ClamAV, builds what we read.
func TestSigtool(t *testing.T) {
	sigtool, err := exec.LookPath("sigtool")
	if err != nil {
		t.Skip("no sigtool")
	}
	dir := t.TempDir()
	for _, f := range append([]file{{"COPYING", "free\n"}}, someFiles...) {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(sigtool, "--unsigned", "--build=test.cud", "--cvd-version=1", "--no-cdiff", "--datadir="+dir)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SIGNDUSER=me")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("sigtool: %v: %s", err, out)
	}
	db, err := Load(Config{Paths: []string{filepath.Join(dir, "test.cud")}, Hashes: func(r io.Reader, name string) error { return nil }})
	if err != nil || db.Stats.Body != 1 || len(db.Warnings) > 0 {
		t.Errorf("%v, %+v", err, db)
	}
}

func TestBounded(t *testing.T) {
	for _, n := range []int64{2, 3, 4} {
		got, err := io.ReadAll(&bounded{strings.NewReader("abc"), n})
		if ok := n >= 3; ok != (err == nil) || ok && string(got) != "abc" || !ok && !errors.Is(err, ErrLimit) {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
}

func FuzzContainer(f *testing.F) {
	s := newSigner(f)
	f.Add(s.cvd(f, someFiles), uint8(signed))
	f.Add(s.cld(f, someFiles), uint8(local))
	payload := tarOf(f, someFiles)
	f.Add(headed(payload, fmt.Sprintf("%x", md5.Sum(payload)), "X"), uint8(unsigned))
	keys := s.keys()
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		if len(b) > headerBytes && how%3 == uint8(unsigned) {
			// Repair the digest, so that mutated tar files are read.
			b = headed(b[headerBytes:], fmt.Sprintf("%x", md5.Sum(b[headerBytes:])), "X")
		}
		allocates(t, 8<<20+16*uint64(len(b)), func() {
			openContainer(bytes.NewReader(b), trust(how%3), keys, func(name string, r io.Reader) error {
				_, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
				return err
			})
		})
	})
}
