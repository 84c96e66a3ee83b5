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
	"archive":                        {"archive/internal/anomaly", "archive/internal/applefile", "archive/internal/cab", "archive/internal/chm", "archive/internal/cms", "archive/internal/disk", "archive/internal/dmg", "archive/internal/html", "archive/internal/installshield", "archive/internal/level", "archive/internal/lharc", "archive/internal/nsis", "archive/internal/office", "archive/internal/overlay", "archive/internal/pdf", "archive/internal/rar", "archive/internal/sevenzip", "archive/internal/sis", "archive/internal/squashfs", "archive/internal/stream", "archive/internal/unix", "archive/internal/wim", "archive/internal/xar", "archive/internal/zip"},
	"archive/internal/anomaly":       {},
	"archive/internal/applefile":     {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "archive/internal/text", "internal/saferead"},
	"archive/internal/archivetest":   {"archive/internal/level"},
	"archive/internal/bcj":           {},
	"archive/internal/cab":           {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "archive/internal/lharc", "internal/huffman", "internal/lzx", "internal/quantum", "internal/saferead", "github.com/klauspost/compress"},
	"archive/internal/cfb":           {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "internal/saferead"},
	"archive/internal/chm":           {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "internal/lzx", "internal/saferead"},
	"archive/internal/cms":           {"archive/internal/input", "archive/internal/level", "internal/saferead"},
	"archive/internal/device":        {"archive/internal/anomaly", "archive/internal/level"},
	"archive/internal/disk":          {"archive/internal/anomaly", "archive/internal/device", "archive/internal/input", "archive/internal/level", "archive/internal/squashfs", "github.com/klauspost/compress"},
	"archive/internal/dmg":           {"archive/internal/device", "archive/internal/input", "archive/internal/level", "github.com/klauspost/compress"},
	"archive/internal/html":          {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "archive/internal/magic", "archive/internal/text"},
	"archive/internal/input":         {"archive/internal/level", "internal/saferead", "github.com/klauspost/compress"},
	"archive/internal/installshield": {"archive/internal/anomaly", "archive/internal/device", "archive/internal/input", "archive/internal/level", "archive/internal/rar", "archive/internal/text", "internal/saferead", "github.com/klauspost/compress"},
	"archive/internal/level":         {"archive/internal/anomaly", "internal/lzma", "internal/saferead", "golang.org/x/text"},
	"archive/internal/lharc":         {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "archive/internal/text", "internal/lha", "internal/saferead"},
	"archive/internal/lz":            {"archive/internal/input", "internal/huffman"},
	"archive/internal/magic":         {},
	"archive/internal/nsis":          {"archive/internal/anomaly", "archive/internal/bcj", "archive/internal/input", "archive/internal/level", "archive/internal/text", "internal/huffman", "internal/lzma", "internal/saferead", "github.com/klauspost/compress"},
	"archive/internal/office":        {"archive/internal/anomaly", "archive/internal/cfb", "archive/internal/input", "archive/internal/level", "archive/internal/text", "internal/saferead", "golang.org/x/text"},
	"archive/internal/overlay":       {"archive/internal/anomaly", "archive/internal/device", "archive/internal/level"},
	"archive/internal/pdf":           {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "archive/internal/lz", "archive/internal/magic", "archive/internal/text", "golang.org/x/text"},
	"archive/internal/rar":           {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "internal/rar3", "internal/saferead", "github.com/nwaples/rardecode/v2"},
	"archive/internal/sevenzip":      {"archive/internal/anomaly", "archive/internal/bcj", "archive/internal/input", "archive/internal/level", "archive/internal/text", "internal/lzma", "internal/ppmd", "internal/saferead", "github.com/klauspost/compress"},
	"archive/internal/sis":           {"archive/internal/anomaly", "archive/internal/device", "archive/internal/input", "archive/internal/level", "archive/internal/pdf", "archive/internal/text"},
	"archive/internal/squashfs":      {"archive/internal/device", "archive/internal/level", "github.com/klauspost/compress"},
	"archive/internal/stream":        {"archive/internal/anomaly", "archive/internal/bcj", "archive/internal/input", "archive/internal/level", "internal/lzma", "internal/saferead", "github.com/klauspost/compress", "github.com/pierrec/lz4/v4"},
	"archive/internal/text":          {"golang.org/x/text"},
	"archive/internal/unix":          {"archive/internal/anomaly", "archive/internal/level", "archive/internal/stream", "internal/saferead"},
	"archive/internal/wim":           {"archive/internal/device", "archive/internal/input", "archive/internal/level", "internal/huffman", "internal/lzx"},
	"archive/internal/xar":           {"archive/internal/device", "archive/internal/input", "archive/internal/level", "github.com/klauspost/compress"},
	"archive/internal/zip":           {"archive/internal/anomaly", "archive/internal/input", "archive/internal/level", "archive/internal/lz", "archive/internal/stream", "internal/lzma", "internal/saferead", "github.com/klauspost/compress", "golang.org/x/text"},
	"signatures/yara":                {"scanner", "github.com/hillu/go-yara/v4"},
	"signatures/hashset":             {"scanner"},
	"signatures/clamav":              {"scanner"},
	"verdictcache":                   {"scanner", "github.com/maypok86/otter/v2"},
	"internal/budget":                {},
	"internal/deps":                  {},
	"internal/filetype":              {"github.com/h2non/filetype", "github.com/richardlehane/mscfb"},
	"internal/huffman":               {},
	"internal/lha":                   {"internal/huffman"},
	"internal/lzma":                  {},
	"internal/lzx":                   {"internal/huffman"},
	"internal/ppmd":                  {},
	"internal/quantum":               {"internal/huffman"},
	"internal/rar3":                  {"internal/huffman", "internal/ppmd"},
	"internal/saferead":              {},
	"internal/spool":                 {},
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
		return imp != "C" // the standard library; cgo is go-yara's
	}
	return slices.ContainsFunc(rows, func(row string) bool {
		return imp == row || strings.HasPrefix(imp, row+"/")
	})
}
