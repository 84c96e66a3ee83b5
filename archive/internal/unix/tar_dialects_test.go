package unix

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestTarPeers(t *testing.T) {
	dir := peerDir(t)
	long := archivetest.File{Name: strings.Repeat("long", 50) + ".js", Data: archivetest.Marker}
	if err := os.WriteFile(filepath.Join(dir, long.Name), []byte(long.Data), 0o600); err != nil {
		t.Fatal(err)
	}
	for command, longNames := range map[string]bool{
		"tar --format=v7 -cf OUT": false, "tar --format=oldgnu -cf OUT": true, "tar --format=gnu -cf OUT": true,
		"tar --format=ustar -cf OUT": false, "tar --format=posix -cf OUT": true,
		"tar --format=gnu -g OUT.snar -cf OUT": true, "tar --format=gnu -V volume -cf OUT": true,
		"bsdtar --format=v7 -cf OUT": false, "bsdtar --format=ustar -cf OUT": false,
		"bsdtar --format=pax -cf OUT": true, "bsdtar --format=gnutar -cf OUT": true,
		"7z a -ttar -so OUT.tar >OUT": true, "busybox tar -cf OUT": true,
		"python3 -m tarfile -c OUT.tar": true,
	} {
		t.Run(command, func(t *testing.T) {
			files := peerFiles
			line := command + " a* e* z*"
			if longNames {
				files = append(slices.Clone(files), long)
				line += " l*"
			}
			if strings.Contains(command, "OUT.tar") {
				line = strings.Replace(strings.Replace(line, " -so", "", 1), ">OUT", "", 1) + " && mv OUT.tar OUT"
			}
			wantFiles(t, Tar, archivetest.Shell(t, dir, line), files)
		})
	}
}

// TestTarSparse: the members of real sparse files are yielded as they were and
// as they are stored.
func TestTarSparse(t *testing.T) {
	dir := t.TempDir()
	whole := make([]byte, 3_000_000)
	copy(whole[700_000:], archivetest.Payload)
	for i := range 60 { // more pieces than a header holds
		copy(whole[1_000_000+30_000*i:], fmt.Sprint("piece ", i))
	}
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 4096 {
		if block := whole[at:min(at+4096, len(whole))]; len(bytes.Trim(block, "\x00")) > 0 {
			if _, err := f.WriteAt(block, int64(at)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if f.Truncate(int64(len(whole))) != nil || f.Close() != nil {
		t.Fatal("no sparse file")
	}
	for _, options := range []string{"--format=oldgnu", "--format=gnu", "--format=posix --sparse-version=0.0", "--format=posix --sparse-version=0.1", "--format=posix --sparse-version=1.0"} {
		t.Run(options, func(t *testing.T) {
			data := archivetest.Shell(t, dir, "tar -S "+options+" -cf OUT sparse")
			if len(data) > len(whole)/2 {
				t.Skip("the file system has no holes")
			}
			all, r, err := archivetest.ReadAll(t, Tar, data)
			if err != nil || len(all) != 2 || all[0].Reading != "expanded" || all[1].Reading != "stored" {
				t.Fatalf("%d members, %v", len(all), err)
			}
			if all[0].Data != string(whole) || all[0].Fault != nil || !strings.Contains(all[0].Names[0], "sparse") {
				t.Errorf("%q: %d bytes, %v", all[0].Names, len(all[0].Data), all[0].Fault)
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
		})
	}
}

// sparseOf forges an old GNU sparse header.
func sparseOf(size, real int, pieces ...int) []byte {
	h := tarBlockOf("p.js", octalOf(size), 'S', "ustar  \x00")
	at := h[386:386]
	for _, n := range pieces {
		at = append(at, octalOf(n)...)
	}
	copy(h[483:], octalOf(real))
	return resummed(h)
}

// TestTarSparseReadings: the pieces of a sparse member are where readers seek them: from
// a block's begin on, or one behind the other; and they may be out of order.
func TestTarSparseReadings(t *testing.T) {
	body := archivetest.Payload
	cut, real := 11, len(body)
	last := append(tarBlockOf("q.js", octalOf(len(body)), '0', "ustar\x0000"), blocks(body)...)
	inBlocks := append(blocks(body[:cut]), blocks(body[cut:])...)
	for name, c := range map[string]struct {
		data    []byte
		reading string
		judged  bool // GNU tar has it, if it writes to a pipe
	}{
		"blocks":           {append(sparseOf(2*tarBlock, real, 0, cut, cut, real-cut), inBlocks...), "blocks", true},
		"packed":           {append(sparseOf(real, real, 0, cut, cut, real-cut), blocks(body)...), "expanded", false},
		"out of order":     {append(sparseOf(real+tarBlock-cut, real, cut, real-cut, 0, cut), append(blocks(body[cut:]), blocks(body[:cut])...)...), "blocks", false},
		"more than stored": {append(sparseOf(cut, real, 0, cut, cut, real-cut), inBlocks...), "blocks", true},
	} {
		t.Run(name, func(t *testing.T) {
			data := append(c.data, last...)
			all, r, err := archivetest.ReadAll(t, Tar, data)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				t.Logf("%q %s %v %d bytes, %v", g.Names, g.Reading, g.Anomalies, len(g.Data), g.Fault)
				found = found || g.Reading == c.reading && g.Data == body && g.Fault == nil
			}
			if !found {
				t.Errorf("no reading %q is whole", c.reading)
			}
			if g := archivetest.Find(all, "q.js"); g == nil || g.Data != body {
				t.Error("what follows is not found")
			}
			if !slices.Contains(archivetest.NoteNames(all, r), anomaly.TarSparse) {
				t.Error("not noted")
			}
			if _, err := exec.LookPath("tar"); err != nil || !c.judged {
				return
			}
			if out, _ := archivetest.Pipe(string(data), "tar", "-xOf", "-"); string(out) != body+body {
				t.Errorf("GNU tar has %q", out)
			}
		})
	}
}

// paxOf forges an extension header of one record.
func paxOf(flag byte, key, value string) []byte {
	n := len(key) + len(value) + 3
	for len(fmt.Sprint(n))+len(key)+len(value)+3 != n {
		n++
	}
	record := fmt.Sprintf("%d %s=%s\n", n, key, value)
	return append(tarBlockOf("pax", fmt.Sprintf("%011o\x00", len(record)), flag, "ustar\x0000"), blocks(record)...)
}

func octalOf(n int) string { return fmt.Sprintf("%011o\x00", n) }

// TestTarReadings hides the marker where some reader finds it.
func TestTarReadings(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	member := append(tarBlockOf("p.js", octalOf(len(archivetest.Payload)), '0', "ustar\x0000"), blocks(archivetest.Payload)...)
	first := append(tarBlockOf("o", octalOf(3), '0', "ustar\x0000"), blocks("abc")...)
	hidden := len(member) // the size that covers it
	base64 := "+" + strings.Repeat("A", 5) + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[len(archivetest.Payload)/64]) +
		string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[len(archivetest.Payload)%64]) + "\x00"
	star := tarBlockOf("p.js", octalOf(len(archivetest.Payload)), '0', "ustar\x0000")
	copy(star[345:], "folder")
	copy(star[476:], "12345670123 12345670123 ")
	copy(star[508:], "tar\x00")
	signed := tarBlockOf("p\xff\xfe.js", octalOf(len(archivetest.Payload)), '0', "")
	copy(signed[148:], fmt.Sprintf("%06o\x00 ", signedSum(signed)))
	for name, data := range map[string][]byte{
		"link over member":      join(tarBlockOf("l", octalOf(hidden), '2', "ustar\x0000"), member),
		"hard link over member": join(tarBlockOf("l", octalOf(hidden), '1', "ustar\x0000"), member),
		"folder over member":    join(tarBlockOf("d/", octalOf(hidden), '5', "ustar\x0000"), member),
		"link behind data":      join(tarBlockOf("l", octalOf(600), '2', "ustar\x0000"), blocks(strings.Repeat("x", 600)), member),
		"pax over long name": join(paxOf('x', "size", fmt.Sprint(1024)), tarBlockOf("././@LongLink", octalOf(5), 'L', "ustar  \x00"), blocks("long\x00"),
			tarBlockOf("o", octalOf(hidden), '0', "ustar\x0000"), member),
		"pax twice":        join(paxOf('x', "size", fmt.Sprint(hidden)), paxOf('x', "size", "0"), tarBlockOf("o", octalOf(hidden), '0', "ustar\x0000"), member),
		"global size":      join(paxOf('g', "size", fmt.Sprint(hidden)), tarBlockOf("o", octalOf(0), '0', "ustar\x0000"), member),
		"Sun's X":          join(paxOf('X', "path", "sun.js"), member),
		"negative size":    join(tarBlockOf("o", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", '0', "ustar  \x00"), member),
		"huge size":        join(tarBlockOf("o", "\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", '0', "ustar  \x00"), member),
		"size of sevens":   append(tarBlockOf("p", "777777777777", '0', "ustar\x0000"), blocks(archivetest.Payload)...),
		"Python's octal":   join(tarBlockOf("o", fmt.Sprintf("0o%o\x00", hidden), '0', "ustar\x0000"), make([]byte, hidden), member),
		"underscores":      join(tarBlockOf("o", "0_"+fmt.Sprintf("%o\x00", hidden), '0', "ustar\x0000"), make([]byte, hidden), member),
		"Perl's hex":       join(tarBlockOf("o", fmt.Sprintf("0x%x\x00", hidden), '0', "ustar\x0000"), make([]byte, hidden), member),
		"base 64":          append(tarBlockOf("p", base64, '0', "ustar  \x00"), blocks(archivetest.Payload)...),
		"NUL and size":     join(tarBlockOf("o", "\x00"+fmt.Sprintf("%010o\x00", hidden), '0', "ustar\x0000"), member),
		"no size":          join(tarBlockOf("o", "", '0', "ustar\x0000"), member),
		"words for a size": join(tarBlockOf("o", "not a number", '0', "ustar\x0000"), member),
		"star":             append(resummed(star), blocks(archivetest.Payload)...),
		"signed sum":       append(signed, blocks(archivetest.Payload)...),
		"prefix":           join(bytes.Repeat([]byte("MZ not a header "), 32), member),
		"zeros before":     join(make([]byte, 1024), member),
		"many extensions":  join(bytes.Repeat(paxOf('x', "comment", "c"), 500), member),
		"unknown flag":     append(tarBlockOf("p", octalOf(len(archivetest.Payload)), 'Q', "ustar\x0000"), blocks(archivetest.Payload)...),
		"contiguous":       append(tarBlockOf("p", octalOf(len(archivetest.Payload)), '7', "ustar\x0000"), blocks(archivetest.Payload)...),
		"device":           append(tarBlockOf("p", octalOf(len(archivetest.Payload)), '4', "ustar\x0000"), blocks(archivetest.Payload)...),
		"continued":        append(tarBlockOf("p", octalOf(len(archivetest.Payload)), 'M', "ustar  \x00"), blocks(archivetest.Payload)...),
		"long name's name": join(append(tarBlockOf("p.js", octalOf(len(archivetest.Payload)), 'L', "ustar  \x00"), blocks(archivetest.Payload)...), first),
		"long link's name": join(append(tarBlockOf("p.js", octalOf(len(archivetest.Payload)), 'K', "ustar  \x00"), blocks(archivetest.Payload)...), first),
		"no pax records":   join(append(tarBlockOf("p.js", octalOf(len(archivetest.Payload)), 'x', "ustar\x0000"), blocks(archivetest.Payload)...), first),
		"broken sparse":    append(tarBlockOf("p", octalOf(len(archivetest.Payload)), 'S', "ustar  \x00"), blocks(archivetest.Payload)...),
		"concatenated":     join(member[:512], blocks(archivetest.Payload), make([]byte, 10240), tarBlockOf("o", octalOf(0), '0', "ustar\x0000")),
	} {
		t.Run(name, func(t *testing.T) {
			if !archivetest.Detects(data, Tar) {
				t.Error("not detected")
			}
			all, r, err := archivetest.ReadAll(t, Tar, data)
			if r == nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				t.Logf("%q %s %v %d bytes, %v", g.Names, g.Reading, g.Anomalies, len(g.Data), g.Fault)
				found = found || strings.HasPrefix(g.Data, archivetest.Payload)
			}
			if !found {
				t.Errorf("the payload is no member of its own: %d members, %v", len(all), err)
			}
		})
	}
}

// TestTarExtensionFiles: an extension header that some extract as a file is a member,
// and says all the same what the next one is called.
func TestTarExtensionFiles(t *testing.T) {
	member := append(tarBlockOf("o", octalOf(3), '0', "ustar\x0000"), blocks("abc")...)
	long := append(tarBlockOf("x.js", octalOf(5), 'L', "ustar  \x00"), blocks("p.txt")...)
	for name, c := range map[string]struct {
		data []byte
		want []string // names and readings
	}{
		"another name": {slices.Concat(long, paxOf('x', "comment", "c"), member), []string{"x.js extension", "p.txt "}},
		"nothing more": {slices.Concat(member, paxOf('x', "comment", "c")), []string{"o ", "pax extension"}},
		"Sun's":        {slices.Concat(paxOf('X', "path", "p.txt"), member), []string{"pax extension", "p.txt "}},
		"honest":       {slices.Concat(tarBlockOf(longLink, octalOf(5), 'L', "ustar  \x00"), blocks("p.txt"), paxOf('g', "comment", "c"), member), []string{"p.txt "}},
		"global alone": {slices.Concat(member, paxOf('g', "comment", "c")), []string{"o "}},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Tar, c.data)
			var got []string
			for _, g := range all {
				got = append(got, g.Names[0]+" "+g.Reading)
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v", got, err)
			}
			if noted := slices.Contains(archivetest.NoteNames(all, r), anomaly.TarExtension); noted != (len(c.want) > 1) {
				t.Errorf("noted: %v", noted)
			}
		})
	}
}

func signedSum(b []byte) (sum int) {
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(int8(c))
	}
	return sum
}

// resummed sets a header's checksum right.
func resummed(b []byte) []byte {
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// TestTarExtensionBomb: each block is an extension header whose body is all that
// follows, and whose record makes others see the next block as a header.
func TestTarExtensionBomb(t *testing.T) {
	block := tarBlockOf("9 size=0\n", octalOf(1<<20), 'x', "ustar\x0000")
	data := bytes.Repeat(block, 20_000)
	src := &archivetest.Counter{R: bytes.NewReader(data)}
	all, r, err := archivetest.ReadFrom(t, Tar, src, int64(len(data)))
	if r == nil || err != nil && !errors.Is(err, level.ErrLimit) {
		t.Fatal(err)
	}
	src.Check(t, int64(len(data)), len(all), 0)
}

// TestTarHoles: an expansion is bounded, and what is stored comes all the same.
func TestTarHoles(t *testing.T) {
	n := len(archivetest.Payload)
	h := sparseOf(n, 1<<32+n, 1<<32, n)
	all, r, err := archivetest.ReadAll(t, Tar, append(h, blocks(archivetest.Payload)...))
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload || !slices.Contains(archivetest.NoteNames(all, r), anomaly.TarSparse) {
		t.Errorf("%+v, %v", all, err)
	}
}
