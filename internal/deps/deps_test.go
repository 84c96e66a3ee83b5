package deps

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/fivefifty/fivefifty"

// allowed lists, for each package of the library, the packages outside of the
// standard library that it may import. A package without a row fails.
var allowed = map[string][]string{
	"scanner":                        {"mime", "archive", "internal/budget", "internal/filetype", "internal/spool"},
	"mime":                           {"internal/saferead", "github.com/emersion/go-message", "golang.org/x/text"},
	"archive":                        rooms("ace", "alzip", "anomaly", "apfs", "applefile", "arc", "autoit", "cab", "chm", "cms", "cramfs", "disk", "dmg", "emlx", "ext", "html", "ihex", "image", "inno", "installshield", "level", "lharc", "nsis", "office", "overlay", "pdf", "plist", "rar", "sevenzip", "sis", "squashfs", "stream", "stuffit", "swf", "unix", "warc", "wide", "wim", "xar", "zip"),
	"archive/internal/ace":           room("internal/unace"),
	"archive/internal/alzip":         room("archive/internal/lz", "internal/lzma", "github.com/klauspost/compress", "golang.org/x/text"),
	"archive/internal/anomaly":       {},
	"archive/internal/apfs":          room("archive/internal/decmpfs", "archive/internal/device"),
	"archive/internal/applefile":     room(),
	"archive/internal/arc":           room("archive/internal/lz", "internal/huffman", "internal/lha"),
	"archive/internal/archivetest":   append(rooms("level"), "github.com/klauspost/compress"),
	"archive/internal/autoit":        room(),
	"archive/internal/bcj":           {},
	"archive/internal/cab":           room("internal/huffman", "internal/lha", "internal/lzx", "internal/quantum", "github.com/klauspost/compress"),
	"archive/internal/cfb":           room(),
	"archive/internal/chm":           room("internal/lzx"),
	"archive/internal/cms":           room(),
	"archive/internal/cramfs":        room("archive/internal/device", "github.com/klauspost/compress"),
	"archive/internal/decmpfs":       room("archive/internal/device", "internal/lzfse"),
	"archive/internal/device":        rooms("anomaly", "level"),
	"archive/internal/disk":          room("archive/internal/apfs", "archive/internal/cramfs", "archive/internal/decmpfs", "archive/internal/device", "archive/internal/ext", "archive/internal/squashfs", "github.com/klauspost/compress"),
	"archive/internal/dmg":           room("archive/internal/device", "archive/internal/stream", "internal/lzfse", "github.com/klauspost/compress"),
	"archive/internal/emlx":          room(),
	"archive/internal/ext":           room("archive/internal/device"),
	"archive/internal/html":          room("archive/internal/magic"),
	"archive/internal/ihex":          room(),
	"archive/internal/image":         room("archive/internal/device", "archive/internal/disk", "internal/zlib", "github.com/klauspost/compress"),
	"archive/internal/inno":          room("archive/internal/device", "archive/internal/lz", "internal/lzma", "internal/zlib", "github.com/klauspost/compress", "golang.org/x/text"),
	"archive/internal/input":         append(rooms("anomaly", "level"), "internal/saferead", "github.com/klauspost/compress"),
	"archive/internal/installshield": room("archive/internal/device", "github.com/klauspost/compress"),
	"archive/internal/level":         append(rooms("anomaly"), "internal/lzma", "internal/saferead", "golang.org/x/text"),
	"archive/internal/lharc":         room("internal/lha"),
	"archive/internal/lz":            append(rooms("input"), "internal/huffman"),
	"archive/internal/magic":         {},
	"archive/internal/nsis":          room("archive/internal/bcj", "archive/internal/lz", "internal/huffman", "internal/lzma", "github.com/klauspost/compress"),
	"archive/internal/office":        room("archive/internal/cfb", "internal/zlib", "github.com/klauspost/compress", "golang.org/x/text"),
	"archive/internal/overlay":       room("archive/internal/device"),
	"archive/internal/pdf":           room("archive/internal/lz", "archive/internal/magic", "internal/zlib", "github.com/klauspost/compress", "golang.org/x/text"),
	"archive/internal/plist":         room("golang.org/x/text"),
	"archive/internal/rar":           room("internal/rar15", "internal/rar3", "github.com/nwaples/rardecode/v2"),
	"archive/internal/sevenzip":      room("archive/internal/bcj", "archive/internal/lz", "archive/internal/stream", "internal/lzma", "internal/ppmd", "github.com/andybalholm/brotli", "github.com/klauspost/compress"),
	"archive/internal/sis":           room("internal/zlib"),
	"archive/internal/squashfs":      room("archive/internal/device", "github.com/klauspost/compress"),
	"archive/internal/stream":        room("archive/internal/bcj", "internal/lzfse", "internal/lzma", "internal/zlib", "github.com/klauspost/compress", "github.com/pierrec/lz4/v4"),
	"archive/internal/stuffit":       room("archive/internal/lz", "internal/huffman", "internal/lha", "golang.org/x/text"),
	"archive/internal/swf":           room("internal/lzma", "internal/zlib", "github.com/klauspost/compress"),
	"archive/internal/text":          {"golang.org/x/text"},
	"archive/internal/unix":          room("archive/internal/stream"),
	"archive/internal/warc":          room("internal/zlib", "github.com/klauspost/compress"),
	"archive/internal/wide":          append(room(), "golang.org/x/text"),
	"archive/internal/wim":           room("archive/internal/device", "internal/huffman", "internal/lzms", "internal/lzx"),
	"archive/internal/xar":           room("archive/internal/device", "github.com/klauspost/compress"),
	"archive/internal/zip":           room("archive/internal/lz", "archive/internal/stream", "internal/lzma", "internal/ppmd", "github.com/klauspost/compress", "golang.org/x/text"),
	"signatures/yara":                {"scanner", "C", "github.com/hillu/go-yara/v4"},
	"signatures/hashset":             {"scanner"},
	"signatures/clamav":              {"scanner"},
	"verdictcache":                   {"scanner", "github.com/maypok86/otter/v2"},
	"internal/budget":                {},
	"internal/deps":                  {},
	"internal/filetype":              {"internal/zlib", "github.com/h2non/filetype", "github.com/richardlehane/mscfb"},
	"internal/huffman":               {},
	"internal/lha":                   {"internal/huffman"},
	"internal/lzfse":                 {},
	"internal/lzfse/lzfsetest":       {},
	"internal/lzma":                  {},
	"internal/lzms":                  {"internal/huffman"},
	"internal/lzx":                   {"internal/huffman"},
	"internal/ppmd":                  {},
	"internal/quantum":               {"internal/huffman"},
	"internal/rar15":                 {"internal/huffman"},
	"internal/rar3":                  {"internal/huffman", "internal/ppmd"},
	"internal/saferead":              {},
	"internal/spool":                 {},
	"internal/unace":                 {"internal/huffman"},
	"internal/zlib":                  {},
}

// rooms are folders of archive/internal.
func rooms(names ...string) []string {
	var all []string
	for _, n := range names {
		all = append(all, "archive/internal/"+n)
	}
	return all
}

// room is what a format's room may import: what all of them build on, and more.
func room(more ...string) []string {
	return append(rooms("anomaly", "input", "level", "text"), append(more, "internal/saferead")...)
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	met := map[string]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "adapters" || rel == "examples" || rel == "bench" || d.Name() == "testdata" || rel != "." && strings.ContainsAny(d.Name()[:1], "._") {
				return filepath.SkipDir // modules of their own
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		pkg := path.Dir(rel)
		rows, ok := allowed[pkg]
		if !ok {
			t.Errorf("package %s has no row", pkg)
			return nil
		}
		met[pkg] = true
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			if imp, _ := strconv.Unquote(spec.Path.Value); !permitted(imp, rows) {
				t.Errorf("%s must not import %s", rel, imp)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !met[pkg] {
			t.Errorf("the row of %s is of no package", pkg)
		}
	}
}

func permitted(imp string, rows []string) bool {
	if own, ok := strings.CutPrefix(imp, module+"/"); ok {
		return slices.Contains(rows, own)
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") {
		return imp != "C" || slices.Contains(rows, "C") // the standard library
	}
	return slices.ContainsFunc(rows, func(row string) bool {
		return imp == row || strings.HasPrefix(imp, row+"/")
	})
}
