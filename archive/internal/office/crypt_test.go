package office

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// testSalt is the salt of everything that is encrypted here.
var testSalt = []byte("0123456789abcdef")

func put32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func padTo(b []byte, n int) []byte {
	return append(bytes.Clone(b), make([]byte, (n-len(b)%n)%n)...)
}

func cbc(key, iv, plain []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := padTo(plain, 16)
	cipher.NewCBCEncrypter(block, iv[:16]).CryptBlocks(out, out)
	return out
}

// agileFiles are the streams of a document encrypted as Office 2010 does.
func agileFiles(password string, plain []byte, spin int) []cfbFile {
	sum := sha512.Sum512(append(bytes.Clone(testSalt), text.UTF16Bytes(password)...))
	for i := range spin {
		sum = sha512.Sum512(append(put32(uint32(i)), sum[:]...))
	}
	field := func(purpose, data []byte) string {
		key := sha512.Sum512(append(bytes.Clone(sum[:]), purpose...))
		return base64.StdEncoding.EncodeToString(cbc(key[:32], testSalt, data))
	}
	verifier := []byte("a verifier of 16")
	hash := sha512.Sum512(verifier)
	packageKey := bytes.Repeat([]byte{7, 8, 9, 10}, 8)
	body := binary.LittleEndian.AppendUint64(nil, uint64(len(plain)))
	for n := 0; n*4096 < len(plain); n++ {
		iv := sha512.Sum512(append(bytes.Clone(testSalt), put32(uint32(n))...))
		body = append(body, cbc(packageKey, iv[:], plain[n*4096:min(len(plain), n*4096+4096)])...)
	}
	cipher := `saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="` +
		base64.StdEncoding.EncodeToString(testSalt) + `"`
	info := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><keyData ` + cipher +
		`/><dataIntegrity encryptedHmacKey="" encryptedHmacValue=""/><keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey spinCount="` +
		fmt.Sprint(spin) + `" ` + cipher + ` encryptedVerifierHashInput="` + field(agileVerifierInput, verifier) + `" encryptedVerifierHashValue="` + field(agileVerifierHash, hash[:]) +
		`" encryptedKeyValue="` + field(agilePackageKey, packageKey) + `"/></keyEncryptor></keyEncryptors></encryption>`
	return []cfbFile{
		{"EncryptionInfo", append([]byte("\x04\x00\x04\x00\x40\x00\x00\x00"), info...)},
		{"EncryptedPackage", body},
	}
}

// officeHeaderBytes is an encryption header and verifier with what precedes them.
func officeHeaderBytes(algorithm, keyBits uint32, verifier, hash []byte) []byte {
	name := text.UTF16Bytes("Microsoft Enhanced RSA and AES Cryptographic Provider\x00")
	b := append(put32(0x24), put32(uint32(32+len(name)))...)
	for _, n := range []uint32{0x24, 0, algorithm, 0x8004, keyBits, 0x18, 0, 0} {
		b = append(b, put32(n)...)
	}
	b = append(b, name...)
	b = append(append(b, put32(16)...), testSalt...)
	return append(append(append(b, verifier...), put32(20)...), hash...)
}

// standardFiles are the streams of a document encrypted as Office 2007 does.
func standardFiles(password string, plain []byte) []cfbFile {
	sum := sha1.Sum(append(bytes.Clone(testSalt), text.UTF16Bytes(password)...))
	for i := range 50000 {
		sum = sha1.Sum(append(put32(uint32(i)), sum[:]...))
	}
	sum = sha1.Sum(append(sum[:], 0, 0, 0, 0))
	x := bytes.Repeat([]byte{0x36}, 64)
	for i, b := range sum {
		x[i] ^= b
	}
	key := sha1.Sum(x)
	block, _ := aes.NewCipher(key[:16])
	ecb := func(b []byte) []byte {
		out := padTo(b, 16)
		for i := 0; i < len(out); i += 16 {
			block.Encrypt(out[i:], out[i:i+16])
		}
		return out
	}
	verifier := []byte("a verifier of 16")
	hash := sha1.Sum(verifier)
	return []cfbFile{
		{"EncryptionInfo", append([]byte("\x04\x00\x02\x00"), officeHeaderBytes(algAES128, 128, ecb(verifier), ecb(hash[:]))...)},
		{"EncryptedPackage", append(binary.LittleEndian.AppendUint64(nil, uint64(len(plain))), ecb(plain)...)},
	}
}

// rc4Pad is the key stream of a whole stream, and the description of the key.
func rc4Pad(strong bool, password string, unit, length int) (pad, description []byte) {
	block := func(n int) *rc4.Cipher {
		var key []byte
		if strong {
			s := sha1.Sum(append(bytes.Clone(testSalt), text.UTF16Bytes(password)...))
			k := sha1.Sum(append(s[:], put32(uint32(n))...))
			key = k[:16]
		} else {
			p := md5.Sum(text.UTF16Bytes(password))
			s := md5.Sum(bytes.Repeat(append(p[:5:5], testSalt...), 16))
			k := md5.Sum(append(s[:5:5], put32(uint32(n))...))
			key = k[:]
		}
		c, _ := rc4.NewCipher(key)
		return c
	}
	for n := 0; len(pad) < length; n++ {
		piece := make([]byte, unit)
		block(n).XORKeyStream(piece, piece)
		pad = append(pad, piece...)
	}
	verifier := []byte("a verifier of 16")
	c := block(0)
	secret := make([]byte, 16)
	c.XORKeyStream(secret, verifier)
	if strong {
		h := sha1.Sum(verifier)
		c.XORKeyStream(h[:], h[:])
		return pad, append([]byte("\x04\x00\x02\x00"), officeHeaderBytes(algRC4, 128, secret, h[:])...)
	}
	h := md5.Sum(verifier)
	c.XORKeyStream(h[:], h[:])
	return pad, append(append(append([]byte("\x01\x00\x01\x00"), testSalt...), secret...), h[:]...)
}

// biffRecord is a record and how many of its bytes are not encrypted.
type biffTestRecord struct {
	id    uint16
	data  []byte
	plain int
}

// workbookBytes is a workbook. encrypt changes a record's bytes at an offset.
func workbookBytes(pass []byte, sheetKind byte, encrypt func(p []byte, off, n int)) []byte {
	records := []biffTestRecord{{biffBOF, make([]byte, 16), 16}}
	if pass != nil {
		records = append(records, biffTestRecord{biffFilePass, pass, len(pass)})
	}
	sheet := append([]byte{0, 9, 0, 0, 0, sheetKind, 6, 0}, "Sheet1"...)
	records = append(records, biffTestRecord{biffSheet, sheet, 4}, biffTestRecord{biffEOF, nil, 0})
	for range 20 {
		records = append(records, biffTestRecord{0x00FC, archivetest.PayloadOf(150), 0})
	}
	var out []byte
	for _, r := range records {
		out = binary.LittleEndian.AppendUint16(out, r.id)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(r.data)))
		data := bytes.Clone(r.data)
		if encrypt != nil {
			encrypt(data[r.plain:], len(out)+r.plain, len(data))
		}
		out = append(out, data...)
	}
	return out
}

func rc4Workbook(strong bool, password string) []byte {
	pad, description := rc4Pad(strong, password, 1024, 64<<10)
	return workbookBytes(append([]byte{1, 0}, description...), 0, func(p []byte, off, _ int) {
		for i := range p {
			p[i] ^= pad[off+i]
		}
	})
}

// xorWorkbook finds the key that belongs to a password by trying all.
func xorWorkbook(password string) []byte {
	x := &xorKey{verifier: xorVerifier([]byte(password))}
	for !x.unlock(text.UTF16Bytes(password)) {
		x.key++
	}
	pass := []byte{0, 0, byte(x.key), byte(x.key >> 8), byte(x.verifier), byte(x.verifier >> 8)}
	return workbookBytes(pass, 0, func(p []byte, off, n int) {
		for i := range p {
			p[i] = bits.RotateLeft8(p[i]^x.pattern[(off+i+n)%16], -3)
		}
	})
}

func rc4Document(strong bool, password string) []cfbFile {
	fib := make([]byte, 68)
	copy(fib, "\xEC\xA5\xC1\x00")
	pad, description := rc4Pad(strong, password, 512, 64<<10)
	binary.LittleEndian.PutUint16(fib[wordFlags:], wordEncrypted|wordTable1)
	binary.LittleEndian.PutUint32(fib[wordKeyLength:], uint32(len(description)))
	body := append(fib, archivetest.PayloadOf(9000)...)
	for i := 68; i < len(body); i++ {
		body[i] ^= pad[i]
	}
	return []cfbFile{{"WordDocument", body}, {"1Table", append(description, archivetest.PayloadOf(600)...)}}
}

// pptRecordBytes is a record of PowerPoint's.
func pptRecordBytes(head, kind uint16, body []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, head)
	b = binary.LittleEndian.AppendUint16(b, kind)
	return append(append(b, put32(uint32(len(body)))...), body...)
}

// rc4Presentation has a document and an object, each encrypted with a key of its own.
func rc4Presentation(password string, object []byte) []cfbFile {
	_, description := rc4Pad(true, password, 16, 16)
	var stream []byte
	var offsets []byte
	add := func(record []byte, id int) {
		offsets = append(offsets, put32(uint32(len(stream)))...)
		if id > 0 {
			sum := sha1.Sum(append(bytes.Clone(testSalt), text.UTF16Bytes(password)...))
			key := sha1.Sum(append(sum[:], put32(uint32(id))...))
			c, _ := rc4.NewCipher(key[:16])
			c.XORKeyStream(record, record)
		}
		stream = append(stream, record...)
	}
	add(pptRecordBytes(0xF, 1000, archivetest.PayloadOf(3000)), 1)
	add(pptRecordBytes(0, pptObject, object), 2)
	add(pptRecordBytes(0xF, pptCrypt, description), 0)
	list := len(stream)
	stream = append(stream, pptRecordBytes(0, pptPersist, append(put32(1|3<<20), offsets...))...)
	edit := len(stream)
	fields := append(make([]byte, 12), put32(uint32(list))...)
	fields = append(append(fields, make([]byte, 12)...), put32(3)...)
	stream = append(stream, pptRecordBytes(0, pptUserEdit, fields)...)
	user := append(put32(20), put32(pptCryptToken)...)
	return []cfbFile{
		{"Current User", pptRecordBytes(0, 0x0FF6, append(append(user, put32(uint32(edit))...), make([]byte, 20)...))},
		{"PowerPoint Document", stream},
	}
}

// keyed reads a compound file with passwords to try.
func keyed(t *testing.T, data []byte, passwords ...string) ([]archivetest.Got, error) {
	t.Helper()
	l := level.Limits{Keys: &level.Keys{Passwords: passwords, Work: 1 << 22}}
	r, err := level.Open(OLE, bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []archivetest.Got
	for {
		m, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		body, err := io.ReadAll(r)
		all = append(all, archivetest.Got{Member: m, Data: string(body), Fault: err})
	}
}

// encryptedSamples are documents for a password, by kind.
func encryptedSamples(password string, plain []byte) map[string][]byte {
	return map[string][]byte{
		"agile":          cfbForge{files: agileFiles(password, plain, 1000)}.bytes(),
		"standard":       cfbForge{files: standardFiles(password, plain)}.bytes(),
		"rc4-xls":        cfbForge{files: []cfbFile{{"Workbook", rc4Workbook(false, password)}}}.bytes(),
		"rc4-crypto-xls": cfbForge{files: []cfbFile{{"Workbook", rc4Workbook(true, password)}}}.bytes(),
		"xor-xls":        cfbForge{files: []cfbFile{{"Workbook", xorWorkbook(password)}}}.bytes(),
		"rc4-doc":        cfbForge{files: rc4Document(false, password)}.bytes(),
		"rc4-ppt":        cfbForge{files: rc4Presentation(password, cfbForge{files: wordFiles()}.bytes())}.bytes(),
		"rc4-crypto-doc": cfbForge{files: rc4Document(true, password)}.bytes(),
	}
}

func TestOfficePasswords(t *testing.T) {
	for _, password := range []string{excelPassword, "s3cret"} {
		for kind, data := range encryptedSamples(password, archivetest.PayloadOf(20_000)) {
			all, err := keyed(t, data, "wrong", "s3cret")
			if err != nil || len(all) == 0 {
				t.Errorf("%s: %d members, %v", kind, len(all), err)
				continue
			}
			found := false
			for _, g := range all {
				if g.Password != password {
					continue
				}
				found = strings.Contains(g.Data, archivetest.Marker) && g.Fault == nil && g.Err == nil
				if strings.HasPrefix(g.Names[0], "Encrypted") && g.Data != string(archivetest.PayloadOf(20_000)) {
					t.Errorf("%s: other bytes", kind)
				}
			}
			if kind == "rc4-ppt" && !strings.HasPrefix(all[len(all)-1].Data, cfb.CfbMagic) {
				t.Errorf("%s: the object is not decrypted", kind)
			}
			if !found {
				t.Errorf("%s: not decrypted with %q: %v", kind, password, all)
			}
		}
	}
}

func TestOfficeNoPassword(t *testing.T) {
	for kind, data := range encryptedSamples("not guessed", archivetest.PayloadOf(20_000)) {
		all, err := keyed(t, data, "wrong")
		refused := false
		for _, g := range all {
			refused = refused || errors.Is(g.Err, level.ErrEncrypted)
			if strings.Contains(g.Data, archivetest.Marker) && kind != "rc4-doc" && kind != "rc4-crypto-doc" {
				t.Errorf("%s: plain text", kind)
			}
		}
		if err != nil || !refused {
			t.Errorf("%s: %v, %v", kind, err, all)
		}
	}
}

// TestOfficeWork has an encryption whose key costs more than there is to spend.
func TestOfficeWork(t *testing.T) {
	files := agileFiles("x", archivetest.PayloadOf(100), 10)
	files[0].data = bytes.Replace(files[0].data, []byte(`spinCount="10"`), []byte(`spinCount="9999999"`), 1)
	l := level.Limits{Keys: &level.Keys{Passwords: []string{"x"}, Work: 1000}}
	data := cfbForge{files: files}.bytes()
	r, err := level.Open(OLE, bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Next()
	for err == nil && m.Names[0] != "EncryptedPackage" {
		m, err = r.Next()
	}
	if err != nil || !errors.Is(m.Err, level.ErrEncrypted) || l.Keys.Work != 1000 {
		t.Errorf("%v, %+v, %d left", err, m, l.Keys.Work)
	}
}

func TestExcelMacroSheet(t *testing.T) {
	for kind, want := range map[byte]int{0: 0, 1: 1} {
		data := cfbForge{files: []cfbFile{{"Workbook", workbookBytes(nil, kind, nil)}}}.bytes()
		all, r, err := archivetest.ReadAll(t, OLE, data)
		if err != nil || len(archivetest.NoteNames(all, r)) != want {
			t.Errorf("kind %d: %v, %v", kind, err, archivetest.NoteNames(all, r))
		}
	}
}

// TestXORVerifier has values that are stored by Excel.
func TestXORVerifier(t *testing.T) {
	for password, want := range map[string]uint16{"password": 0x83AF, "test": 0xCBEB} {
		if got := xorVerifier([]byte(password)); got != want {
			t.Errorf("%s: %04X, want %04X", password, got, want)
		}
	}
}

// TestOfficeJudge lets another program decrypt what the tests encrypt.
func TestOfficeJudge(t *testing.T) {
	tool, err := exec.LookPath("msoffcrypto-tool")
	if err != nil {
		t.Skip(err)
	}
	document := archivetest.StdZip(t, archivetest.File{Name: "[Content_Types].xml", Data: archivetest.Text(50_000), Method: 8})
	for kind, data := range encryptedSamples("s3cret", document) {
		if kind != "agile" && kind != "standard" {
			continue // those need the rest of a document, too
		}
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
		if err := os.WriteFile(in, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if msg, err := exec.Command(tool, "-p", "s3cret", in, out).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", kind, err, msg)
			continue
		}
		if plain, _ := os.ReadFile(out); !bytes.Equal(plain, document) {
			t.Errorf("%s: the tool reads other bytes", kind)
		}
	}
}

// TestOfficeNotEncrypted has documents that say they are encrypted, and are not.
func TestOfficeNotEncrypted(t *testing.T) {
	fib := make([]byte, 68)
	binary.LittleEndian.PutUint16(fib[wordFlags:], wordEncrypted)
	for kind, files := range map[string][]cfbFile{
		"doc":     {{"WordDocument", append(fib, archivetest.Payload...)}},
		"package": {{"EncryptedPackage", []byte("12345678" + archivetest.Payload)}, {"EncryptionInfo", []byte("\x04\x00\x04\x00\x40\x00\x00\x00<x/>")}},
	} {
		all, err := keyed(t, cfbForge{files: files}.bytes(), "wrong")
		refused := slices.ContainsFunc(all, func(g archivetest.Got) bool { return errors.Is(g.Err, level.ErrEncrypted) })
		if err != nil || !refused || !archivetest.Holds(all) {
			t.Errorf("%s: %v %s", kind, err, archivetest.Listing(all))
		}
	}
}
