// Command archives compares what is yielded for other projects' test archives with
// what the extractors that are installed get out of them. Each body, by its digest,
// that two of them agree on is to be among those of a scan, at whatever level. README.md
// says how to fetch the archives and what came out.
//
//	go run ./foreign/archives FOLDER...
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fivefifty/fivefifty/bench/foreign/internal/vote"
)

func main() {
	workers := flag.Int("j", 2, "files at a time")
	flag.Parse()
	j := &judge{extractors: installed(extractors)}
	for _, e := range j.extractors {
		fmt.Print(e.name, " ")
	}
	fmt.Println()
	all := vote.Tally{}
	for _, folder := range flag.Args() {
		total := vote.Tally{}
		byType := j.compareFolder(folder, *workers)
		for _, name := range slices.Sorted(maps.Keys(byType)) {
			fmt.Printf("%s: %s: %s\n", folder, name, byType[name])
			total.Add(*byType[name])
		}
		fmt.Printf("%s: all: %s\n", folder, total)
		all.Add(total)
	}
	fmt.Printf("all: %s\n", all)
	if all.Missed() > 0 {
		os.Exit(1)
	}
}

// judge compares files; its tallies are by true type.
type judge struct {
	extractors []extractor
	passwords  []string

	mu     sync.Mutex
	byType map[string]*vote.Tally
}

// compareFolder compares all files of a folder. FOLDER.passwords, if there is such a
// file, holds passwords, one a line.
func (j *judge) compareFolder(folder string, workers int) map[string]*vote.Tally {
	j.byType, j.passwords = map[string]*vote.Tally{}, nil
	if f, err := os.Open(strings.TrimRight(folder, "/") + ".passwords"); err == nil {
		for lines := bufio.NewScanner(f); lines.Scan(); {
			j.passwords = append(j.passwords, lines.Text())
		}
		f.Close()
	}
	files := make(chan string)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for path := range files {
				j.compareFile(path)
			}
		})
	}
	must(filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files <- path
		}
		return err
	}))
	close(files)
	done.Wait()
	return j.byType
}

// How far what came out of a file is itself extracted.
const (
	maxDepth  = 3
	maxNested = 12  // of one file of a suite
	maxTested = 200 // likewise, files of which it is asked whether they are archives
)

// nested is a file to extract: one of a suite, or one that came out of such.
type nested struct {
	path   string // where it is on disk
	about  string // for people
	digest string
	depth  int
}

// compareFile compares one file and the archives in it.
func (j *judge) compareFile(path string) {
	data, err := os.ReadFile(path)
	must(err)
	ours := scan(filepath.Base(path), data, j.passwords)
	store, err := os.MkdirTemp("", "foreign")
	must(err)
	defer os.RemoveAll(store)
	todo := []nested{{path, path, digestOf(data), 0}}
	seen := map[string]bool{todo[0].digest: true}
	tested := map[string]bool{}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		ballot := vote.Ballot{}
		for _, e := range j.extractors {
			j.extract(e, next.path, func(name string, body []byte) {
				digest := digestOf(body)
				if digest == next.digest {
					return // a copy of it, at most renamed
				}
				if !ours.digests[digest] && ours.covers(body) {
					ours.digests[digest] = true
				}
				if isProperty(ours.types[next.digest], name) {
					return
				}
				ballot.Add(digest, fmt.Sprint(len(body), " ", name), e.name)
				if seen[digest] || !ours.digests[digest] || next.depth == maxDepth || len(seen) > maxNested || tested[digest] || len(tested) == maxTested {
					return
				}
				tested[digest] = true
				inner := filepath.Join(store, digest[:16], safeBase(name))
				must(os.MkdirAll(filepath.Dir(inner), 0o755))
				must(os.WriteFile(inner, body, 0o644))
				if !isArchive(inner) {
					must(os.Remove(inner))
					return
				}
				seen[digest] = true
				todo = append(todo, nested{inner, next.about + " > " + name, digest, next.depth + 1})
			})
		}
		j.count(next, ballot, ours)
	}
}

// extract runs an extractor, with the suite's passwords in turn as long as it asks for
// one. What a wrong password makes of a body is noise, other for each: as long as a
// password is missing, only what comes out with two of them counts.
func (j *judge) extract(e extractor, path string, got func(name string, body []byte)) {
	times := map[string]int{}
	tries := append([]string{""}, j.passwords...)
	for _, p := range append(tries, "none of these") {
		var names []string
		var bodies [][]byte
		locked := e.run(path, p, func(name string, body []byte) {
			names, bodies = append(names, name), append(bodies, body)
		})
		once := map[string]bool{}
		for i, body := range bodies {
			digest := digestOf(body)
			if once[digest] {
				continue
			}
			once[digest] = true
			times[digest]++
			if !locked || times[digest] == 2 {
				got(names[i], body)
			}
		}
		if !locked || !strings.Contains(e.command, "PASSWORD") {
			return
		}
	}
}

// maxPrinted is how many misses of a file are printed.
const maxPrinted = 4

// count counts the votes for one file and prints what is missed.
func (j *judge) count(file nested, ballot vote.Ballot, ours found) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := j.byType[ours.types[file.digest]]
	if t == nil {
		t = &vote.Tally{}
		j.byType[ours.types[file.digest]] = t
	}
	t.Files++
	missed := map[string]int{}
	t.Count(ballot, ours.digests, func(_ string, l *vote.Leaf) {
		class := "alone"
		if len(l.By) >= 2 {
			class = "MISSED"
		}
		if missed[class]++; missed[class] > maxPrinted {
			return
		}
		said := "silent"
		if faults := ours.faults[file.digest]; len(faults) > 0 {
			said = "reported: " + strings.Join(slices.Compact(slices.Sorted(slices.Values(faults))), "; ")
		}
		fmt.Printf("%s: %s: %s: %q by %s: %.300s\n", class, ours.types[file.digest], file.about, l.About, strings.Join(l.By, ", "), said)
	})
	for class, n := range missed {
		if n > maxPrinted {
			fmt.Printf("%s: %s: %s: and %d more\n", class, ours.types[file.digest], file.about, n-maxPrinted)
		}
	}
}

// attachmentStream is the only stream of an Outlook message that is judged: its other
// properties become the texts of a message, or are small and left out.
const attachmentStream = "__substg1.0_37010102"

func isProperty(trueType, name string) bool {
	return trueType == "msg" && !strings.HasSuffix(name, attachmentStream)
}

// isArchive says whether 7-Zip can list a file.
func isArchive(path string) bool {
	return exec.Command("7zz", "l", "-p", path).Run() == nil
}

// safeBase is the last part of a name, fit for any disk.
func safeBase(name string) string {
	name = filepath.Base(name)
	return name[max(0, len(name)-100):]
}
