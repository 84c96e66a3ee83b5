package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadConfig(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"good":        {"upstream = \"mx:25\"\n[limits]\nidle = \"1m\"\n[policy.unchecked]\nencrypted = \"accept\"\n", ""},
		"top key":     {"upstream = \"mx:25\"\nlisen = \"x\"\n", `:2: unknown key "lisen"`},
		"table key":   {"[limits]\n\nidel = \"1m\"\n", `:3: unknown key "limits.idel"`},
		"table":       {"[limmits]\nidle = \"1m\"\n", `:1: unknown key "limmits"`},
		"syntax":      {"[limits\n", "toml: line"},
		"zero limit":  {"[limits]\nconnections = 0\n", "above zero"},
		"quarantine":  {"[policy.findings]\nsuspicious = \"quarantine\"\n", "keeps no messages"},
		"class":       {"[policy.findings]\nsuspicous = \"reject\"\n", "suspicous"},
		"disposition": {"[policy.findings]\nsuspicious = \"bounce\"\n", "bounce"},
		"network":     {"trusted = [\"10.0.0.0/33\"]\n", "no network"},
		"no folder":   {"on_reject = \"quarantine\"\n", "wants quarantine.folder"},
		"held":        {"on_reject = \"quarantine\"\n[quarantine]\nfolder = \"/q\"\n[policy.findings]\nsuspicious = \"quarantine\"\n", ""},
		"listen":      {"listen = [\"127.0.0.1:25\", \"unix:/run/relay\"]\n", ""},
		"listen one":  {"listen = \"127.0.0.1:25\"\n", ""},
		"refuses yet": {"on_reject = \"discard\"\nbare_newlines = \"reject\"\n", "bare_newlines"},
		"half a pair": {"tls_cert = \"x\"\n", "belong together"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "relay.toml")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readConfig(file)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestDefaultConfigIsGood(t *testing.T) {
	cfg, err := readConfig("")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Listen) != 1 || cfg.Listen[0] != "127.0.0.1:2525" || cfg.Upstream != "sink" || !cfg.Rules.Bundled {
		t.Fatalf("the default is not what it says: %+v", cfg)
	}
}
