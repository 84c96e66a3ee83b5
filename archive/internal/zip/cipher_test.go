package zip

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// readWith reads a zip file to its end with passwords.
func readWith(t testing.TB, data []byte, keys *level.Keys) []archivetest.Got {
	t.Helper()
	r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []archivetest.Got
	for {
		m, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		all = append(all, archivetest.Got{Member: m, Data: string(body), Fault: err})
	}
}

func tryKeys(passwords ...string) *level.Keys {
	return &level.Keys{Passwords: passwords, Work: 1 << 30}
}

// cryptoOf encrypts with the traditional cipher.
func cryptoOf(plain []byte, password string, check byte) []byte {
	c := input.NewZipCipher([]byte(password))
	out := append([]byte("elevenbytes"), check)
	out = append(out, plain...)
	c.Encrypt(out)
	return out
}

// winZipAES encrypts with WinZip's AES.
func winZipAES(t testing.TB, plain []byte, password string, strength byte) []byte {
	n := aesKeyBytes(strength)
	salt := []byte("a salt of sixteen")[:n/2]
	key, err := pbkdf2.Key(sha1.New, password, salt, aesIterations, 2*n+aesVerifier)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newAESSeal(password, 0, key[:n])
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(s.open(bytes.NewReader(plain))) // the cipher is its own inverse
	mac := hmac.New(sha1.New, key[n:2*n])
	mac.Write(text)
	return slices.Concat(salt, key[2*n:], text, mac.Sum(nil)[:aesHMAC])
}

// aesEntry is a member under AES-n.
func aesEntry(t testing.TB, method uint16, body, password string, strength byte, version uint16) entry {
	raw := winZipAES(t, archivetest.Pack(method, body), password, strength)
	bend := func(h *head) {
		h.method, h.flags = methodAES, flagEncrypted
		h.extra = fmt.Sprintf("\x01\x99\x07\x00%c\x00AE%c%c\x00", version, strength, method)
		if version == 2 {
			h.crc = 0
		}
	}
	return entry{name: "p", method: method, body: body, raw: raw, local: bend, central: bend}
}

// cryptoEntry is a member under the traditional cipher.
func cryptoEntry(method uint16, body, password string) entry {
	raw := cryptoOf(archivetest.Pack(method, body), password, byte(crc32.ChecksumIEEE([]byte(body))>>24))
	bend := func(h *head) { h.flags = flagEncrypted }
	return entry{name: "p", method: method, body: body, raw: raw, local: bend, central: bend}
}

func TestZipPasswords(t *testing.T) {
	for _, method := range []uint16{0, 8} {
		entries := map[string]entry{"traditional": cryptoEntry(method, archivetest.Payload, "infected")}
		for strength := byte(1); strength <= 3; strength++ {
			for version := uint16(1); version <= 2; version++ {
				entries[fmt.Sprintf("aes-%d-%d", strength, version)] = aesEntry(t, method, archivetest.Payload, "infected", strength, version)
			}
		}
		for name, e := range entries {
			data := forge([]entry{e, listed("o", "plain", 0)}, nil, "")
			all := readWith(t, data, tryKeys("wrong", "", "1234", "infected"))
			if len(all) != 2 || all[0].Data != archivetest.Payload || all[0].Fault != nil || all[0].Password != "infected" || !all[0].Encrypted {
				t.Errorf("%s %d: %+v %v", name, method, all[0].Member, all[0].Fault)
			}
			if len(all[0].Anomalies) > 0 || all[1].Password != "" || all[0].Method != methodName(method) {
				t.Errorf("%s %d: %+v, %+v", name, method, all[0].Member, all[1].Member)
			}
			for _, k := range []*level.Keys{nil, tryKeys(), tryKeys("wrong"), {Passwords: []string{"infected"}, Work: 1}} {
				all := readWith(t, data, k)
				if len(all) != 2 || !errors.Is(all[0].Err, level.ErrEncrypted) || all[0].Data != "" || all[0].Password != "" || all[0].Names[0] != "p" {
					t.Errorf("%s %d, %v: %+v", name, method, k, all[0].Member)
				}
			}
		}
	}
}

// TestZipPasswordForged: what the right password opens is yielded although the
// rest of the member lies.
func TestZipPasswordForged(t *testing.T) {
	strong := cryptoEntry(8, archivetest.Payload, "k")
	crc := cryptoEntry(8, archivetest.Payload, "k")
	mac := aesEntry(t, 8, archivetest.Payload, "k", 3, 2)
	mac.raw[len(mac.raw)-1]++
	storedMAC := aesEntry(t, 0, archivetest.Payload, "k", 3, 2)
	storedMAC.raw[len(storedMAC.raw)-1]++
	short := aesEntry(t, 8, archivetest.Payload, "k", 3, 2)
	for e, bend := range map[*entry]func(*head){
		&strong: func(h *head) { h.flags |= flagStrong },
		&crc:    func(h *head) { h.crc ^= 1 },
		&short:  func(h *head) { h.csize -= 20 },
	} {
		e.local, e.central = both(e.local, bend), both(e.central, bend)
	}
	local := cryptoEntry(8, archivetest.Payload, "k")
	local.central = nil
	for name, e := range map[string]entry{"strong-bit": strong, "crc": crc, "mac": mac, "stored-mac": storedMAC, "csize": short, "marked-local-only": local} {
		all := readWith(t, forge([]entry{e}, nil, ""), tryKeys("x", "k"))
		if !slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Data == archivetest.Payload && g.Password == "k" }) {
			t.Errorf("%s: not opened", name)
			for _, g := range all {
				t.Logf("%+v %d bytes %v", g.Member, len(g.Data), g.Fault)
			}
		}
		if strings.HasSuffix(name, "mac") && !slices.Contains(all[0].Anomalies, anomaly.Auth) {
			t.Errorf("%s: anomalies %v", name, all[0].Anomalies)
		}
	}
}

// TestZipMixedEncryption: one header says encrypted, the other does not, and the
// body is what no check confirms: both readings are reported.
func TestZipMixedEncryption(t *testing.T) {
	for _, local := range []bool{true, false} {
		e := entry{name: "p", body: archivetest.Payload}
		mark := func(h *head) { h.flags |= flagEncrypted }
		wrong := func(h *head) { h.crc ^= 0x5a5a }
		e.local, e.central = wrong, wrong
		if local {
			e.local = both(wrong, mark)
		} else {
			e.central = both(wrong, mark)
		}
		all, _, err := archivetest.ReadAll(t, Format, forge([]entry{e}, nil, ""))
		if err != nil || !archivetest.Holds(all) {
			t.Errorf("local %v: %+v, %v", local, all, err)
		}
	}
}

// TestZipPasswordFalseHits: of many wrong passwords some pass the check byte, and
// none of them is taken.
func TestZipPasswordFalseHits(t *testing.T) {
	var wrong []string
	for i := range 3000 {
		wrong = append(wrong, fmt.Sprint("wrong-", i))
	}
	for _, method := range []uint16{0, 8} {
		noise := archivetest.SampleBodies()["noise"]
		all := readWith(t, forge([]entry{cryptoEntry(method, noise, "right")}, nil, ""), tryKeys(wrong...))
		if len(all) != 1 || !errors.Is(all[0].Err, level.ErrEncrypted) {
			t.Errorf("%d: %+v", method, all[0].Member)
		}
		all = readWith(t, forge([]entry{cryptoEntry(method, noise, "right")}, nil, ""), tryKeys(append(wrong, "right")...))
		if len(all) != 1 || all[0].Data != noise || all[0].Password != "right" {
			t.Errorf("%d: %+v", method, all[0].Member)
		}
	}
}

// TestZipPasswordMany opens many members that deflate well, within the budget of
// trials.
func TestZipPasswordMany(t *testing.T) {
	body := strings.Repeat("a compressible body ", 10_000)
	var entries []entry
	one := cryptoEntry(8, body, "k")
	for i := range 1500 {
		one.name = fmt.Sprint(i)
		entries = append(entries, one)
	}
	data := forge(entries, nil, "")
	r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: tryKeys("x", "k")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for n := 0; ; n++ {
		m, err := r.Next()
		if err == io.EOF && n == len(entries) {
			return
		}
		if err != nil || m.Err != nil || m.Password != "k" {
			t.Fatalf("member %d: %+v, %v", n, m, err)
		}
		if size, err := io.Copy(io.Discard, r); size != int64(len(body)) || err != nil {
			t.Fatalf("member %d: %d bytes, %v", n, size, err)
		}
	}
}

// TestZipPasswordPeers opens what real archivers encrypt.
func TestZipPasswordPeers(t *testing.T) {
	dir := t.TempDir()
	bodies := map[string]string{"text": archivetest.Text(100_000), "small": archivetest.Payload, "empty": ""}
	for name, body := range bodies {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const secret = "pässwörd 1"
	for name, command := range map[string]string{
		"zip":           "zip -q -P infected OUT text small empty",
		"zip-store":     "zip -q -0 -P infected OUT text small empty",
		"zip-streamed":  "cat text | zip -q -P infected OUT -",
		"7z-crypto":     "7z a -tzip -pinfected -mem=ZipCrypto OUT text small empty",
		"7z-128":        "7z a -tzip -pinfected -mem=AES128 OUT text small empty",
		"7z-192":        "7z a -tzip -pinfected -mem=AES192 OUT text small empty",
		"7z-256":        "7z a -tzip -pinfected -mem=AES256 OUT text small empty",
		"7z-256-store":  "7z a -tzip -pinfected -mx=0 -mem=AES256 OUT text small empty",
		"7z-256-lzma":   "7z a -tzip -pinfected -mm=LZMA -mem=AES256 OUT text small empty",
		"7z-256-ppmd":   "7z a -tzip -pinfected -mm=PPMd -mem=AES256 OUT text small empty",
		"7z-crypto-bz2": "7z a -tzip -pinfected -mm=BZip2 -mem=ZipCrypto OUT text small empty",
		"7z-umlaut":     "7z a -tzip '-p" + secret + "' -mem=AES256 OUT text small empty",
		"7z-umlaut-old": "7z a -tzip '-p" + secret + "' -mem=ZipCrypto OUT text small empty",
		"bsdtar":        "bsdtar --format zip --options zip:encryption=aes256 --passphrase infected -cf OUT text small empty",
		"bsdtar-crypto": "bsdtar --format zip --options zip:encryption=zipcrypt --passphrase infected -cf OUT text small empty",
	} {
		t.Run(name, func(t *testing.T) {
			tool := strings.Fields(strings.TrimPrefix(command, "cat text | "))[0]
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip(err)
			}
			out := filepath.Join(dir, name+".zip")
			cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "OUT", out))
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8")
			if b, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, b)
			}
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			// No bytes have a right CRC under every password whose check byte fits.
			for _, g := range readWith(t, data, tryKeys("", "x", secret, "infected")) {
				want, ok := bodies[g.Names[0]]
				if g.Names[0] == "-" {
					want, ok = bodies["text"], true
				}
				if !ok || g.Data != want || g.Fault != nil || len(g.Anomalies) > 0 || g.Encrypted && g.Password == "" && want != "" {
					t.Errorf("%+v: %d bytes, %v", g.Member, len(g.Data), g.Fault)
				}
			}
		})
	}
}
