package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// lockedPDF is an encrypted file that is made for a test.
type lockedPDF struct {
	data     []byte
	password string // that opens it
}

// sealer encrypts as the standard security handler does.
type sealer struct {
	crypt
	cipher pdfCipher
	dict   string // the encryption dictionary
}

// newSealer makes the dictionary and the key for a revision up to 4.
func newSealer(r, v int64, n int, password string, m pdfCipher) *sealer {
	s := &sealer{cipher: m}
	s.r, s.v, s.p, s.metadata = r, v, -4, true
	s.o = bytes.Repeat([]byte{0x42}, 32)
	id := []byte("0123456789abcdef")
	s.key = s.oldKey(padPDF([]byte(password)), id, n)
	if r == 2 {
		s.u = rc4Once(s.key, pdfPad[:], 0)
	} else {
		sum := md5.Sum(append(bytes.Clone(pdfPad[:]), id...))
		b := sum[:]
		for i := range 20 {
			b = rc4Once(s.key, b, byte(i))
		}
		s.u = append(b, make([]byte, 16)...)
	}
	s.dict = fmt.Sprintf("/Filter/Standard/V %d/R %d/Length %d/P -4/O<%x>/U<%x>", v, r, n*8, s.o, s.u)
	if v == 4 {
		name := map[pdfCipher]string{pdfRC4: "V2", pdfAES128: "AESV2"}[m]
		s.dict += "/CF<</StdCF<</CFM/" + name + "/Length 16>>>>"
	}
	return s
}

// newSealer5 makes them for revision 5, which has a plain hash.
func newSealer5(password string) *sealer {
	s := &sealer{cipher: pdfAES256}
	s.key = bytes.Repeat([]byte{7}, 32)
	sum := sha256.Sum256([]byte(password + "validate"))
	u := append(sum[:], "validatekey-salt"...)
	k := sha256.Sum256([]byte(password + "key-salt"))
	block, _ := aes.NewCipher(k[:])
	ue := make([]byte, 32)
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(ue, s.key)
	s.dict = fmt.Sprintf("/Filter/Standard/V 5/R 5/Length 256/P -4/O<%x>/U<%x>/UE<%x>/OE<%x>/CF<</StdCF<</CFM/AESV3>>>>",
		make([]byte, 48), u, ue, make([]byte, 32))
	return s
}

const stdFilters = "/StmF/StdCF/StrF/StdCF"

// seal encrypts a string or stream of an object.
func (s *sealer) seal(num int64, plain string) string {
	key := s.objectKey(s.cipher, num, 0)
	if s.cipher == pdfRC4 {
		z, _ := rc4.NewCipher(key)
		out := make([]byte, len(plain))
		z.XORKeyStream(out, []byte(plain))
		return string(out)
	}
	pad := 16 - len(plain)%16
	b := append([]byte(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, _ := aes.NewCipher(key)
	iv := []byte("initial vector 1")
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, b)
	return string(iv) + string(b)
}

func (s *sealer) hex(num int64, plain string) string {
	return "<" + hex.EncodeToString([]byte(s.seal(num, plain))) + ">"
}

const sealID = "/ID[<" + "30313233343536373839616263646566" + "><00>]"

// file is an encrypted file with an embedded file and a script.
func (s *sealer) file(extra string) []byte {
	return forgePDF().obj(10, "<</Type/Filespec/F"+s.hex(10, "a.js")+"/EF<</F 11 0 R>>>>").
		stream(11, "/Type/EmbeddedFile/Filter/FlateDecode", s.seal(11, pdfZlib(archivetest.Payload))).
		obj(12, "<</S/JavaScript/JS"+s.hex(12, "app.alert('"+archivetest.Marker+"')")+">>").
		stream(13, "/Filter/FlateDecode", s.seal(13, pdfZlib(archivetest.Payload))).
		obj(14, "<<"+s.dict+extra+">>").end("/Encrypt 14 0 R" + sealID)
}

func encryptedPDFs() map[string]lockedPDF {
	return map[string]lockedPDF{
		"r2":           {newSealer(2, 1, 5, "", pdfRC4).file(""), ""},
		"r2-password":  {newSealer(2, 1, 5, "secret", pdfRC4).file(""), "secret"},
		"r3":           {newSealer(3, 2, 16, "", pdfRC4).file(""), ""},
		"r3-long":      {newSealer(3, 2, 16, strings.Repeat("secret", 9), pdfRC4).file(""), strings.Repeat("secret", 9)},
		"r4-rc4":       {newSealer(4, 4, 16, "", pdfRC4).file(stdFilters), ""},
		"r4-aes":       {newSealer(4, 4, 16, "secret", pdfAES128).file(stdFilters), "secret"},
		"bare-trailer": {bytes.Replace(newSealer(3, 2, 16, "", pdfRC4).file(""), []byte("trailer"), []byte("railer"), 1), ""},
		"r5":           {newSealer5("").file(stdFilters), ""},
		"r5-password":  {newSealer5("sécret").file(stdFilters), "sécret"},
	}
}

// openWith reads a file with passwords at hand.
func openWith(t *testing.T, data []byte, passwords ...string) (all []archivetest.Got, r *level.Reader, err error) {
	t.Helper()
	r, err = level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: &level.Keys{Passwords: passwords, Work: 1 << 24}})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { r.Close() })
	for {
		m, err := r.Next()
		if err != nil {
			return all, r, noEOF(err)
		}
		g := archivetest.Got{Member: m}
		b := new(bytes.Buffer)
		_, g.Fault = b.ReadFrom(r)
		g.Data = b.String()
		all = append(all, g)
	}
}

func noEOF(err error) error {
	if err.Error() == "EOF" {
		return nil
	}
	return err
}

func TestPDFEncrypted(t *testing.T) {
	for name, c := range encryptedPDFs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := openWith(t, c.data, "wrong", c.password)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{"a.js": true, "script-12.js": true, "content": true}
			for _, g := range all {
				if g.Fault != nil || !want[g.Names[0]] || !strings.Contains(g.Data, archivetest.Marker) || !g.Encrypted || g.Password != c.password {
					t.Errorf("%s: encrypted %v, %q", archivetest.Listing([]archivetest.Got{g}), g.Encrypted, g.Password)
				}
				delete(want, g.Names[0])
			}
			if len(want) > 0 {
				t.Errorf("missing: %v", want)
			}
			checkNotes(t, archivetest.NoteNames(all, r), "")
		})
	}
}

func TestPDFLocked(t *testing.T) {
	for name, c := range encryptedPDFs() {
		if c.password == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			all, _, err := openWith(t, c.data, "wrong")
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != 3 {
				t.Fatalf("members: %s", archivetest.Listing(all))
			}
			for _, g := range all {
				if !errors.Is(g.Err, level.ErrEncrypted) || !errors.Is(g.Fault, level.ErrEncrypted) || !g.Encrypted || g.Data != "" {
					t.Errorf("%s", archivetest.Listing([]archivetest.Got{g}))
				}
			}
		})
	}
}

func TestPDFKeysCost(t *testing.T) {
	keys := &level.Keys{Passwords: []string{"a", "b", "c"}, Work: costOldTry}
	c := encryptedPDFs()["r4-aes"].data
	r, err := level.Open(Format, bytes.NewReader(c), int64(len(c)), level.Limits{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if keys.Work < 0 || keys.Work == costOldTry {
		t.Errorf("work left: %d", keys.Work)
	}
}

// TestPDFFilesOnly has an encryption of embedded files alone.
func TestPDFFilesOnly(t *testing.T) {
	s := newSealer(4, 4, 16, "secret", pdfAES128)
	data := forgePDF().obj(10, spec).
		stream(11, "/Type/EmbeddedFile/Filter/FlateDecode", s.seal(11, pdfZlib(archivetest.Payload))).
		obj(12, "<</S/JavaScript/JS(x = '"+archivetest.Marker+"')>>").
		stream(13, "/Filter/FlateDecode", pdfZlib(archivetest.Payload)).
		obj(14, "<<"+s.dict+"/StmF/Identity/StrF/Identity/EFF/StdCF>>").end("/Encrypt 14 0 R" + sealID)
	for password, closed := range map[string]bool{"wrong": true, "secret": false} {
		all, _, err := openWith(t, data, password)
		if err != nil || len(all) != 3 {
			t.Fatalf("%v: %s", err, archivetest.Listing(all))
		}
		for _, g := range all {
			file := g.Names[0] == "a.js"
			if errors.Is(g.Err, level.ErrEncrypted) != (file && closed) || g.Encrypted != file || !(file && closed) && !strings.Contains(g.Data, archivetest.Marker) {
				t.Errorf("%q: %s", password, archivetest.Listing([]archivetest.Got{g}))
			}
		}
	}
}

// TestPDFIdentity has streams that a crypt filter exempts.
func TestPDFIdentity(t *testing.T) {
	s := newSealer(4, 4, 16, "secret", pdfAES128)
	data := forgePDF().stream(13, "/Filter[/Crypt/FlateDecode]/DecodeParms[<</Name/Identity>>null]", pdfZlib(archivetest.Payload)).
		obj(14, "<<"+s.dict+stdFilters+">>").end("/Encrypt 14 0 R" + sealID)
	all, _, err := openWith(t, data)
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Data, archivetest.Marker) || all[0].Fault != nil {
		t.Fatalf("%v: %s", err, archivetest.Listing(all))
	}
}

// TestPDFFakeEncryption has a trailer that speaks of encryption, and streams that
// are plain.
func TestPDFFakeEncryption(t *testing.T) {
	for _, password := range []string{"", "secret"} {
		s := newSealer(3, 2, 16, password, pdfRC4)
		data := forgePDF().obj(10, spec).stream(11, "/Type/EmbeddedFile/Filter/FlateDecode", pdfZlib(archivetest.Payload)).
			stream(13, "/Filter/FlateDecode", pdfZlib(archivetest.Payload)).
			obj(14, "<<"+s.dict+">>").end("/Encrypt 14 0 R" + sealID)
		all, _, err := openWith(t, data)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, g := range all {
			if strings.Contains(g.Data, archivetest.Marker) {
				found++
			}
		}
		if found != 2 {
			t.Errorf("%q: %s", password, archivetest.Listing(all))
		}
	}
}
