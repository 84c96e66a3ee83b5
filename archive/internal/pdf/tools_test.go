package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// tool runs a program of those that read and write PDF files, and returns what it
// prints. It skips the test if the program is not installed.
func tool(t *testing.T, name string, args ...string) ([]byte, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, name, args...).Output()
}

// honestPDF is a file as writers make it: attachments in a name tree, a script
// and a page.
func honestPDF(files map[string]string) []byte {
	f := &forge{at: map[int]int{}}
	f.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	f.obj(1, "<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 5 0 R>>/OpenAction<</S/JavaScript/JS(app.beep\\(0\\);)>>>>")
	f.obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	f.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>")
	f.stream(4, "/Filter/FlateDecode", pdfZlib("BT /F1 9 Tf 9 9 Td (Hello) Tj ET "+strings.Repeat("0 0 m 9 9 l S ", 99)))
	names, num := "", 6
	for _, name := range sortedKeys(files) {
		names += fmt.Sprintf("(%s)%d 0 R", name, num)
		f.obj(num, fmt.Sprintf("<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>>>", name, name, num+1))
		dict, body := "/Type/EmbeddedFile", files[name]
		if num%4 == 0 {
			dict, body = dict+"/Filter/FlateDecode", pdfZlib(body)
		}
		f.stream(num+1, dict, body)
		num += 2
	}
	f.obj(5, "<</Names["+names+"]>>")
	return f.end("/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]")
}

func sortedKeys(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var attachments = map[string]string{
	"a.txt":  "a plain text\r\nwith two lines\n",
	"b.bin":  archivetest.Text(20_000),
	"c.js":   "WScript.Echo('" + archivetest.Marker + "')\n\n",
	"d.pdf":  string(forgePDF().obj(10, spec).stream(11, "/Type/EmbeddedFile", archivetest.Payload).end("")),
	"e.data": strings.Repeat("endobj 7 0 obj stream\nendstrea\n", 40),
}

// writers are the ways in which qpdf writes a file.
var writers = map[string][]string{
	"plain":        {},
	"objstm":       {"--object-streams=generate"},
	"linear":       {"--linearize"},
	"linear-objs":  {"--linearize", "--object-streams=generate"},
	"qdf":          {"--qdf"},
	"uncompressed": {"--stream-data=uncompress"},
	"normalised":   {"--normalize-content=y", "--newline-before-endstream"},
	"rc4-40":       {"--allow-weak-crypto", "--encrypt", "", "o", "40", "--"},
	"rc4-128":      {"--allow-weak-crypto", "--encrypt", "", "o", "128", "--use-aes=n", "--"},
	"rc4-v4":       {"--allow-weak-crypto", "--encrypt", "", "o", "128", "--use-aes=n", "--force-V4", "--"},
	"aes-128":      {"--allow-weak-crypto", "--encrypt", "", "o", "128", "--use-aes=y", "--"},
	"aes-meta":     {"--allow-weak-crypto", "--encrypt", "", "o", "128", "--use-aes=y", "--cleartext-metadata", "--"},
	"aes-256":      {"--encrypt", "", "o", "256", "--"},
	"aes-256-r5":   {"--allow-weak-crypto", "--encrypt", "", "o", "256", "--force-R5", "--"},
	"aes-256-objs": {"--encrypt", "", "o", "256", "--", "--object-streams=generate", "--linearize"},
}

// made writes a file with qpdf.
func made(t *testing.T, in string, args []string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.pdf")
	if b, err := tool(t, "qpdf", append(slices.Clone(args), "--static-id", in, out)...); err != nil {
		t.Fatalf("qpdf %q: %v %s", args, err, b)
	}
	return out
}

// bodies are the members' bytes, and those that are not scripts or content.
func bodies(all []archivetest.Got) map[string]bool {
	set := map[string]bool{}
	for _, g := range all {
		set[g.Data] = true
	}
	return set
}

func TestPDFWriters(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.pdf")
	if err := os.WriteFile(in, honestPDF(attachments), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range writers {
		t.Run(name, func(t *testing.T) {
			out := made(t, in, args)
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil {
				t.Fatal(err)
			}
			checkHonest(t, all, strings.Contains(name, "rc4") || strings.Contains(name, "aes"))
			checkNotes(t, archivetest.NoteNames(all, r), "")
			checkContent(t, out, all)
			if strings.Contains(name, "rc4") || strings.Contains(name, "aes") {
				all, _, err := openWith(t, data, "x")
				if err != nil || !all[0].Encrypted {
					t.Errorf("%v: %s", err, archivetest.Listing(all))
				}
			}
		})
	}
}

// TestPDFPasswords opens files with the user's and with the owner's password. Those
// of revision 6 are many, as the rounds of its hash differ from file to file.
func TestPDFPasswords(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, honestPDF(map[string]string{"a.js": archivetest.Payload}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		times int
		args  []string
	}{
		{1, []string{"40"}}, {1, []string{"128", "--use-aes=n"}}, {1, []string{"128", "--use-aes=y"}},
		{1, []string{"256", "--force-R5"}}, {20, []string{"256"}},
	} {
		for i := range c.times {
			for _, password := range []string{"", fmt.Sprintf("secret %d", i)} {
				owner := "owner " + password
				args := append([]string{"--allow-weak-crypto", "--encrypt", password, owner}, c.args...)
				if b, err := tool(t, "qpdf", append(args, "--", in, out)...); err != nil {
					t.Fatalf("%v %s", err, b)
				}
				openedBy(t, out, password)
				openedBy(t, out, owner)
			}
		}
	}
}

func openedBy(t *testing.T, file, password string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := openWith(t, data, password)
	if err != nil || len(all) == 0 || all[0].Data != archivetest.Payload || all[0].Names[0] != "a.js" {
		t.Fatalf("%q: %v %s", password, err, archivetest.Listing(all))
	}
}

// checkHonest wants the attachments under their names and the script; d.pdf's
// own attachment may come with them.
func checkHonest(t *testing.T, all []archivetest.Got, encrypted bool) {
	t.Helper()
	found, script := map[string]bool{}, false
	for _, g := range all {
		if g.Fault != nil {
			t.Errorf("%q: %v", g.Names, g.Fault)
		}
		if g.Names[0] == "a.js" && encrypted {
			t.Errorf("%q was found inside of an encrypted stream", g.Names)
		}
		found[g.Names[0]+g.Data] = true
		script = script || strings.HasPrefix(g.Names[0], "script-") && g.Data == "app.beep(0);"
	}
	for name, body := range attachments {
		if !found[name+body] {
			t.Errorf("%s is missing: %s", name, archivetest.Listing(all))
		}
	}
	if !script {
		t.Errorf("no script: %s", archivetest.Listing(all))
	}
}

// checkContent wants each stream that mutool decodes to be in a member.
func checkContent(t *testing.T, file string, all []archivetest.Got) {
	t.Helper()
	seen := 0
	for num := 1; num < 40; num++ {
		b, ok := mutoolStream(t, file, num)
		if !ok {
			continue
		}
		seen++
		if !slices.ContainsFunc(all, func(g archivetest.Got) bool { return strings.Contains(g.Data, string(b)) }) {
			t.Errorf("stream %d, %d bytes %.80q, is in no member", num, len(b), b)
		}
	}
	if seen < len(attachments) {
		t.Errorf("mutool shows %d streams", seen)
	}
}

// mutoolStream is what mutool decodes of a stream; not ok for other objects,
// which it prints.
func mutoolStream(t *testing.T, file string, num int) (b []byte, ok bool) {
	t.Helper()
	b, err := tool(t, "mutool", "show", "-b", file, strconv.Itoa(num))
	return b, err == nil && len(b) > 0 && !bytes.HasPrefix(b, fmt.Appendf(nil, "%d 0 obj", num))
}

// extracted is what poppler, qpdf and mutool get out of a file.
func extracted(t *testing.T, file string) (found map[string]string) {
	t.Helper()
	found = map[string]string{}
	dir := t.TempDir()
	_, _ = tool(t, "pdfdetach", "-saveall", "-o", dir, file)
	saved, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range saved {
		if b, err := os.ReadFile(f); err == nil {
			found["pdfdetach "+filepath.Base(f)] = string(b)
		}
	}
	for name := range attachments {
		b, err := tool(t, "qpdf", "--show-attachment="+name, file)
		var exit *exec.ExitError
		if err == nil || errors.As(err, &exit) && exit.ExitCode() == 3 { // 3: warnings
			found["qpdf "+name] = string(b)
		}
	}
	for num := 6; num < 20; num++ {
		if b, ok := mutoolStream(t, file, num); ok {
			found["mutool "+strconv.Itoa(num)] = string(b)
		}
	}
	return found
}

// TestPDFMutated compares with what three readers get out of damaged files.
// FIVEFIFTY_PDF_MUTATIONS says how many there are.
func TestPDFMutated(t *testing.T) {
	rounds := 12
	if n, err := strconv.Atoi(os.Getenv("FIVEFIFTY_PDF_MUTATIONS")); err == nil {
		rounds = n
	}
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, honestPDF(attachments), 0o600); err != nil {
		t.Fatal(err)
	}
	var bases [][]byte
	for _, name := range []string{"plain", "objstm", "linear", "rc4-128", "aes-256-objs", "uncompressed"} {
		b, err := os.ReadFile(made(t, in, writers[name]))
		if err != nil {
			t.Fatal(err)
		}
		bases = append(bases, b)
	}
	seed, _ := strconv.ParseUint(os.Getenv("FIVEFIFTY_PDF_SEED"), 10, 64)
	rnd := rand.New(rand.NewPCG(5, seed))
	compared := 0
	for i := range rounds {
		data := archivetest.MutatePDF(rnd, bases[i%len(bases)])
		file := filepath.Join(dir, "mutated.pdf")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		compared += compareTools(t, i, file, data)
	}
	t.Logf("%d bodies compared", compared)
}

// compareTools fails for each body that a program extracts and we do not.
func compareTools(t *testing.T, round int, file string, data []byte) (n int) {
	t.Helper()
	all, _, err := archivetest.ReadAll(t, Format, data)
	if err != nil && len(all) == 0 {
		t.Logf("round %d: %v", round, err)
	}
	have := bodies(all)
	for from, body := range extracted(t, file) {
		n++
		if len(body) > 0 && !have[body] && !slices.ContainsFunc(all, func(g archivetest.Got) bool { return covers(g, from, body) }) {
			keep := fmt.Sprintf("%s.%d", os.Getenv("FIVEFIFTY_PDF_KEEP"), round)
			if keep[0] != '.' {
				_ = os.WriteFile(keep, data, 0o600)
			}
			t.Errorf("round %d: %s: %d bytes %.40q…: %s", round, from, len(body), body, archivetest.Listing(all))
		}
	}
	return n
}

// covers says whether a member holds what a program extracts, or is reported as
// unread. mutool shows streams that are part of the content; qpdf's output ends
// some bytes before the fault; poppler decodes some of what follows a stream that
// is cut, and what it makes of broken deflate is not compared byte by byte.
func covers(g archivetest.Got, from, body string) bool {
	switch {
	case errors.Is(g.Err, level.ErrEncrypted):
		return true
	case strings.HasPrefix(from, "mutool"):
		return strings.Contains(g.Data, body)
	case strings.HasPrefix(from, "qpdf"):
		return strings.HasPrefix(g.Data, body)
	case g.Reading == "" && !slices.Contains(g.Anomalies, anomaly.PDFDamaged):
		return g.Names[0] == "content" && strings.Contains(g.Data, body)
	case strings.HasSuffix(g.Reading, "loose"):
		return slices.Contains(g.Names, strings.TrimPrefix(from, "pdfdetach "))
	}
	return len(g.Data) > 16 && strings.HasPrefix(body, g.Data) && len(body)-len(g.Data) < 600
}

// TestPDFLongHonest has what big honest files have: long arrays of arrays, thousands
// of form fields with the same scripts, many revisions.
func TestPDFLongHonest(t *testing.T) {
	f := forgePDF()
	f.obj(4, "["+strings.Repeat("7 ["+strings.Repeat("500 ", 300)+"] ", 300)+"]")
	f.obj(5, "<</W "+"["+strings.Repeat("7 ["+strings.Repeat("500 ", 300)+"] ", 300)+"]>>")
	f.obj(6, "<</XFA 7 0 R>>")
	f.stream(8, "/Filter/FlateDecode", pdfZlib("<xdp/>"))
	for i := range 3000 {
		f.obj(20+i, fmt.Sprintf("<</FT/Tx/V(value %d)/AA<</F<</S/JavaScript/JS(AFNumber_Format\\(%d, 0\\);)>>>>>>", i, i%5))
	}
	for range 40 {
		f.obj(7, "[(template)8 0 R]")
	}
	all, r, err := archivetest.ReadAll(t, Format, f.end(""))
	if err != nil || len(all) != 6 {
		t.Errorf("%d members, %v: %s", len(all), err, archivetest.Listing(all))
	}
	checkNotes(t, archivetest.NoteNames(all, r), "")
}

// TestPDFClamAV reads the sample of Debian's clamav-testfiles.
func TestPDFClamAV(t *testing.T) {
	data, err := os.ReadFile("/usr/share/clamav-testfiles/clam.pdf")
	if err != nil {
		t.Skip("clamav-testfiles is not installed")
	}
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 2 || len(all[0].Data) != 544 || all[0].Names[0] != "clam.exe" {
		t.Errorf("%v: %s", err, archivetest.Listing(all))
	}
	checkNotes(t, archivetest.NoteNames(all, r), "")
}
