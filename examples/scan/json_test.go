package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keys are all keys of a JSON value, with the way to them.
func keys(v any) (list []string) {
	set := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				set[strings.TrimPrefix(path+"."+k, ".")] = true
				walk(path+"."+k, e)
			}
		case []any:
			if path != "" {
				path += "[]"
			}
			for _, e := range v {
				walk(path, e)
			}
		}
	}
	walk("", v)
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// The keys are a contract: some may be added here, none renamed or taken away.
func TestJSONKeys(t *testing.T) {
	dir := folder(t, "x.eml", attach("x.zip", zipped(t, "e.com", virus(), "invoice.pdf.exe", "MZ", "s.7z", sevenZip)), "y.txt", strings.Repeat("long", 1000))
	docs := scan(t, "", "--json", "--limit-object-bytes=1KiB", dir).documents(t)
	got := docs[0]
	want := []string{
		"disposition", "file",
		"objects",
		"objects[].anomalies", "objects[].declared",
		"objects[].findings", "objects[].findings[].class", "objects[].findings[].engine", "objects[].findings[].signature",
		"objects[].media_type", "objects[].member", "objects[].member.container", "objects[].member.container_size",
		"objects[].member.crc32", "objects[].member.encrypted", "objects[].member.packed_size", "objects[].member.position", "objects[].member.real_size",
		"objects[].names", "objects[].parent", "objects[].path", "objects[].reading", "objects[].sha256",
		"objects[].size", "objects[].type",
		"objects[].unchecked", "objects[].unchecked[].detail", "objects[].unchecked[].limit", "objects[].unchecked[].reason",
		"reference", "reply", "reply.code", "reply.enhanced", "reply.text", "schema",
		"stats", "stats.decoded_bytes", "stats.duration_ns", "stats.message_bytes", "stats.objects", "stats.spooled_bytes",
		"verdict",
	}
	have := slices.DeleteFunc(keys([]any{docs[0], docs[1]}), func(k string) bool { // which depend on the rules
		for _, rest := range []string{"description", "namespace", "reference", "source", "matches", "matches[].name", "matches[].offset", "matches[].length"} {
			if k == "objects[].findings[]."+rest {
				return true
			}
		}
		return k == "objects[].findings[].detail" || k == "objects[].findings[].score" || k == "objects[].md5" || k == "objects[].sha1"
	})
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got["schema"] != 1.0 || got["verdict"] != "malicious" || got["disposition"] != "reject" {
		t.Errorf("%v %v %v", got["schema"], got["verdict"], got["disposition"])
	}
	if diff := cmp.Diff(map[string]any{"code": 550.0, "enhanced": "5.7.1", "text": "E-mail message contained a virus."}, got["reply"]); diff != "" {
		t.Error(diff)
	}
}

func TestJSONError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing")
	got := scan(t, "", "--json", path).documents(t)
	want := []map[string]any{{"schema": 1.0, "file": path, "error": "no such file or directory"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Nothing in a document moves the cursor or turns the text, and nothing is lost.
func TestEscapeJSON(t *testing.T) {
	const evil = "a\x1b[2J\u202egpj.exe\x7f\u0085\u2028\U000E0041é漢<&>"
	raw, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	safe := escapeJSON(nil, raw)
	var back string
	if err := json.Unmarshal(safe, &back); err != nil || back != evil {
		t.Errorf("%q, %v", back, err)
	}
	if !plain(string(safe)[1:]) || !strings.Contains(string(safe), "é漢") {
		t.Errorf("%q", safe)
	}
}
