package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // python.py
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// extractor is a program that takes archives apart: in the working folder, or on
// standard output. FILE, PASSWORD and PYTHON, the script, in its arguments stand for
// what they say. The file is standard input too.
type extractor struct {
	name    string
	command string
	prints  bool   // the one file goes to standard output
	within  string // files without these bytes are not its own, which it need not be asked
}

// extractors are asked about every file that may be theirs: which of them takes it is
// theirs to say. The
// sections of a program, which 7-Zip takes for files, are none.
var extractors = []extractor{
	{name: "7zz", command: "7zz x -y -bd -stxPE -stxELF -stxMachO -stxTE -stxCOFF -pPASSWORD FILE"},
	{name: "bsdtar", command: "bsdtar -x --no-same-owner --passphrase PASSWORD -f FILE"},
	{name: "unar", command: "unar -q -f -D -k skip -p PASSWORD FILE"},
	{name: "unzip", command: "unzip -o -qq -P PASSWORD FILE", within: "PK"},
	{name: "jar", command: "jar xf FILE", within: "PK\x03\x04"},
	{name: "python", command: "/usr/bin/python3 PYTHON FILE PASSWORD"},
	{name: "tar", command: "tar -x --no-same-owner -f FILE"},
	{name: "cpio", command: "cpio -id --quiet --no-absolute-filenames", within: "07070"},
	{name: "ar", command: "ar x FILE", within: "!<"},
	{name: "dpkg-deb", command: "dpkg-deb -x FILE .", within: "!<arch>"},
	{name: "arj", command: "arj x -y -i -gPASSWORD FILE", within: "\x60\xea"},
	{name: "lhasa", command: "lhasa xf FILE", within: "-l"},
	{name: "cabextract", command: "cabextract -q FILE", within: "MSCF"},
	{name: "unshield", command: "unshield x FILE", within: "ISc("},
	{name: "innoextract", command: "innoextract -q -e FILE", within: "Inno Setup"},
	{name: "chmlib", command: "extract_chmLib FILE .", within: "ITSF"},
	{name: "msiextract", command: "msiextract FILE", within: "\xd0\xcf\x11\xe0"},
	{name: "unsquashfs", command: "unsquashfs -q -n -f -d out FILE", within: "sq"},
	{name: "wimlib", command: "wimlib-imagex apply FILE 1 out", within: "MSWIM"},
	{name: "mcopy", command: "mcopy -s -n -i FILE :: .", within: "\x55\xaa"},
	{name: "unace", command: "unace x -y FILE", within: "**ACE**"},
	{name: "nomarch", command: "nomarch -U FILE", within: "\x1a"},
	{name: "unalz", command: "unalz -pwd PASSWORD FILE", within: "ALZ"},
	{name: "gzip", command: "gzip -dc", prints: true, within: "\x1f"},
	{name: "bzip2", command: "bzip2 -dc", prints: true, within: "BZh"},
	{name: "xz", command: "xz -dc", prints: true},
	{name: "lzip", command: "lzip -dc", prints: true, within: "LZIP"},
	{name: "lzop", command: "lzop -dc", prints: true, within: "LZO"},
	{name: "lz4", command: "lz4 -dc", prints: true, within: "\x18"},
	{name: "zstd", command: "zstd -dc", prints: true, within: "\xfd"},
	{name: "compress", command: "uncompress -c", prints: true, within: "\x1f\x9d"},
	{name: "rpm2cpio", command: "rpm2cpio FILE", prints: true, within: "\xed\xab\xee\xdb"},
}

//go:embed python.py
var python string

// installed leaves out the extractors that this machine lacks.
func installed(all []extractor) (have []extractor) {
	for _, e := range all {
		name, _, _ := strings.Cut(e.command, " ")
		if _, err := exec.LookPath(name); err == nil {
			have = append(have, e)
		}
	}
	return have
}

// What an extractor may take.
const (
	extractTime  = 20 * time.Second
	extractBytes = 128 << 20 // of one file that it writes; one that reaches it is left out
)

// nobody is whom extractors run as if we are root: the files are hostile.
const nobody = 65534

// run extracts the file at path with a password and hands each regular file that
// came out, not empty, to got. It says whether the extractor spoke of a password.
func (e extractor) run(path, password string, got func(name string, body []byte)) (locked bool) {
	data, err := os.ReadFile(path)
	must(err)
	if !bytes.Contains(data, []byte(e.within)) {
		return false
	}
	dir, err := os.MkdirTemp("", "foreign")
	must(err)
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out")
	must(os.Mkdir(out, 0o700))
	// Alone in its folder, so that no other volume is at hand.
	file := filepath.Join(dir, "in", filepath.Base(path))
	must(os.Mkdir(filepath.Dir(file), 0o755))
	must(os.WriteFile(file, data, 0o644))

	script := filepath.Join(dir, "python.py")
	must(os.WriteFile(script, []byte(python), 0o644))

	args := []string{fmt.Sprint("--fsize=", extractBytes)}
	for _, a := range strings.Fields(e.command) {
		a = strings.ReplaceAll(a, "PASSWORD", password)
		a = strings.ReplaceAll(a, "FILE", file)
		args = append(args, strings.ReplaceAll(a, "PYTHON", script))
	}
	ctx, cancel := context.WithTimeout(context.Background(), extractTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "prlimit", args...)
	cmd.Dir, cmd.Stdin = out, bytes.NewReader(data)
	cmd.Env = append(os.Environ(), "HOME="+out, "TMPDIR="+out, "LC_ALL=C.UTF-8")
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		must(os.Chown(out, nobody, nobody))
		must(os.Chmod(dir, 0o755))
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if e.prints {
		printed, err := os.Create(filepath.Join(out, "stdout"))
		must(err)
		defer printed.Close()
		cmd.Stdout = printed
	}
	failed := cmd.Run()
	collect(out, got)
	return failed != nil && lockedWords.Match(said.Bytes())
}

// lockedWords are what extractors say of a file that needs a password.
var lockedWords = regexp.MustCompile(`(?i)passw|passphrase|encrypt|wrong`)

// collect hands out all regular files under a folder, but those of zeros alone, which
// some extractors leave of the size of what they could not extract.
func collect(folder string, got func(name string, body []byte)) {
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		body, err := io.ReadAll(f)
		if zeros := len(bytes.Trim(body, "\x00")) == 0; err == nil && !zeros && len(body) < extractBytes {
			name, _ := filepath.Rel(folder, path)
			got(name, body)
		}
		return nil
	})
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// must is for this machine's faults, not the files'.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
