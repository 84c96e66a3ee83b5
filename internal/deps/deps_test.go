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
	"scanner":            {"mime", "archive", "internal/budget", "internal/filetype", "internal/spool"},
	"mime":               {"internal/saferead", "github.com/emersion/go-message", "golang.org/x/text"},
	"archive":            {"internal/lha", "internal/lzma", "internal/lzx", "internal/huffman", "internal/ppmd", "internal/quantum", "internal/rar3", "internal/saferead", "github.com/klauspost/compress", "github.com/nwaples/rardecode/v2", "github.com/pierrec/lz4/v4", "golang.org/x/text"},
	"signatures/yara":    {"scanner", "github.com/hillu/go-yara/v4"},
	"signatures/clamav":  {"scanner"},
	"signatures/hashset": {"scanner"},
	"verdictcache":       {"scanner", "github.com/maypok86/otter/v2"},
	"internal/budget":    {},
	"internal/deps":      {},
	"internal/filetype":  {"github.com/h2non/filetype", "github.com/richardlehane/mscfb"},
	"internal/huffman":   {},
	"internal/lha":       {"internal/huffman"},
	"internal/lzma":      {},
	"internal/lzx":       {"internal/huffman"},
	"internal/ppmd":      {},
	"internal/quantum":   {"internal/huffman"},
	"internal/rar3":      {"internal/huffman", "internal/ppmd"},
	"internal/saferead":  {},
	"internal/spool":     {},
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
