// Command foreign compares what package mime finds in other projects' test messages
// with what three other parsers find: Python's email package, GMime 3 and
// MIME-tools. Each leaf whose decoded bytes two of the three agree on is to be found
// with equal bytes. README.md says how to fetch the messages and what came out.
//
//	go run ./foreign/mail -peers ./foreign/mail/peers FOLDER...
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/bench/foreign/internal/vote"
	"github.com/fivefifty/fivefifty/mime"
)

func main() {
	peers := flag.String("peers", "peers", "folder of the other parsers' programs")
	verbose := flag.Bool("v", false, "list leaves that only one peer has")
	flag.Parse()
	list := []peer{
		{"python", []string{"python3", filepath.Join(*peers, "pyemail.py")}},
		{"gmime", []string{filepath.Join(*peers, "gmime")}},
		{"mime-tools", []string{"perl", filepath.Join(*peers, "mimetools.pl")}},
	}
	var total vote.Tally
	for _, folder := range flag.Args() {
		t := compareFolder(folder, list, *verbose)
		fmt.Printf("%s: %s\n", folder, t)
		total.Add(t)
	}
	fmt.Printf("all: %s\n", total)
	if total.Missed() > 0 {
		os.Exit(1)
	}
}

// peer is another parser: a program that lists the leaves of a file.
type peer struct {
	name    string
	command []string
}

// messageExtensions are those of the files that hold messages.
var messageExtensions = []string{".eml", ".msg", ".raw", ".txt", ""}

func compareFolder(folder string, peers []peer, verbose bool) (t vote.Tally) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains(messageExtensions, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	seen := map[string]vote.Ballot{}
	for _, p := range peers {
		p.list(files, seen)
	}
	for _, path := range files {
		msg, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		t.Files++
		t.Count(seen[path], leaves(msg), func(_ string, l *vote.Leaf) {
			switch {
			case len(l.By) >= 2:
				fmt.Printf("missed: %s: %q by %s\n", path, l.About, strings.Join(l.By, ", "))
			case verbose:
				fmt.Printf("alone: %s: %q by %s\n", path, l.About, l.By[0])
			}
		})
	}
	return t
}

// list adds what a peer finds in files to seen, by file and digest.
func (p peer) list(files []string, seen map[string]vote.Ballot) {
	out, err := exec.Command(p.command[0], append(slices.Clone(p.command[1:]), files...)...).Output()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.name, err)
	}
	for line := range strings.Lines(string(out)) {
		column := strings.SplitN(strings.TrimRight(line, "\n"), "\t", 4)
		if len(column) < 4 || column[2] == "0" {
			continue
		}
		file, digest := column[0], column[1]
		if seen[file] == nil {
			seen[file] = vote.Ballot{}
		}
		seen[file].Add(digest, column[2]+" "+column[3], p.name)
	}
}

// leaves returns the digests of all that mime finds, messages within messages
// included.
func leaves(msg []byte) map[string]bool {
	found := map[string]bool{}
	type level struct {
		msg   []byte
		depth int
	}
	todo := []level{{msg, 0}}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		h := &handler{open: map[*mime.Entity]*bytes.Buffer{}}
		if err := mime.Walk(bytes.NewReader(next.msg), h, mime.Limits{}); err != nil {
			continue
		}
		for _, o := range h.done {
			sum := sha256.Sum256(o.body)
			found[hex.EncodeToString(sum[:])] = true
			if next.depth < 8 && (strings.HasPrefix(o.mediaType, "message/") || mime.IsMessage(o.body)) && !bytes.Equal(o.body, next.msg) {
				todo = append(todo, level{o.body, next.depth + 1})
			}
		}
	}
	return found
}

// object is one entity with its bytes.
type object struct {
	mediaType string
	body      []byte
}

// handler keeps the bytes of all entities.
type handler struct {
	open map[*mime.Entity]*bytes.Buffer
	done []object
}

func (h *handler) Begin(e *mime.Entity) io.Writer {
	h.open[e] = new(bytes.Buffer)
	return h.open[e]
}

func (h *handler) Fork(of, e *mime.Entity) io.Writer {
	out := h.Begin(e)
	if from := h.open[of]; from != nil {
		_, _ = out.Write(from.Bytes())
	}
	return out
}

func (h *handler) End(e *mime.Entity) {
	if b := h.open[e]; b != nil && e.Kind != mime.Multipart {
		h.done = append(h.done, object{e.MediaType, b.Bytes()})
	}
	delete(h.open, e)
}
