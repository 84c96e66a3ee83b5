package mime

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTolerances demands that docs/readings.md lists every anomaly and every label
// of a reading, and no vector that there is not.
func TestTolerances(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "docs", "readings.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := string(raw)
	for _, name := range namesInSource(t) {
		if !strings.Contains(table, "`"+name+"`") {
			t.Errorf("%q is not in the table", name)
		}
	}
	vectors := map[string]bool{}
	for _, v := range allVectorNames() {
		vectors[v] = true
	}
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 7 || strings.HasPrefix(cells[1], "---") {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(cells[len(cells)-2], -1) {
			if !vectors[m[1]] {
				t.Errorf("the table names a vector that is not: %s", m[1])
			}
		}
	}
}

func allVectorNames() (names []string) {
	for _, v := range vectors() {
		names = append(names, v.name)
	}
	return names
}

// readingLabel is what a label looks like in the source, whole or up to what is
// filled in.
var readingLabel = regexp.MustCompile(`^[a-z0-9-]+=[a-z0-9-]*$`)

// namesInSource returns the values of the Anomaly constants and the labels of
// readings.
func namesInSource(t *testing.T) (names []string) {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if lit, ok := valueOf(n, i); ok && strings.HasPrefix(id.Name, "Anomaly") {
						names = append(names, lit)
					}
				}
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && readingLabel.MatchString(s) {
					names = append(names, s)
				}
			}
			return true
		})
	}
	if len(names) < 60 {
		t.Errorf("only %d names found", len(names))
	}
	return names
}

func valueOf(spec *ast.ValueSpec, i int) (string, bool) {
	if i >= len(spec.Values) {
		return "", false
	}
	lit, ok := spec.Values[i].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
