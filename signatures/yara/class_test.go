package yara

import (
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

func TestClassify(t *testing.T) {
	cfg, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	strict, err := Config{Malicious: 30, DefaultScore: 20}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		cfg   Config
		tags  []string
		metas []meta
		class scanner.Class
		score int
	}{
		{"no score", cfg, nil, nil, scanner.ClassMalicious, 70},
		{"at malicious", cfg, nil, []meta{{"score", 70}}, scanner.ClassMalicious, 70},
		{"below malicious", cfg, nil, []meta{{"score", 69}}, scanner.ClassSuspicious, 69},
		{"at suspicious", cfg, nil, []meta{{"score", 40}}, scanner.ClassSuspicious, 40},
		{"below suspicious", cfg, nil, []meta{{"score", 39}}, scanner.ClassNotice, 39},
		{"numeric string", cfg, nil, []meta{{"score", " 75 "}}, scanner.ClassMalicious, 75},
		{"no number", cfg, nil, []meta{{"score", "high"}}, scanner.ClassMalicious, 70},
		{"upper case", cfg, nil, []meta{{"Score", 10}}, scanner.ClassNotice, 10},
		{"above 100", cfg, nil, []meta{{"score", 1000}}, scanner.ClassMalicious, 100},
		{"negative", cfg, nil, []meta{{"score", -5}}, scanner.ClassNotice, 0},
		{"own thresholds", strict, nil, []meta{{"score", 30}}, scanner.ClassMalicious, 30},
		{"own default", strict, nil, nil, scanner.ClassNotice, 20},
		{"tag", cfg, []string{"x", "PUA"}, nil, scanner.ClassUnwanted, 70},
		{"category", cfg, nil, []meta{{"category", "Windows/AdWare"}, {"score", 90}}, scanner.ClassUnwanted, 90},
		{"a word of a description", cfg, nil, []meta{{"description", "not adware"}}, scanner.ClassMalicious, 70},
		{"class", cfg, []string{"pua"}, []meta{{"class", "malicious"}}, scanner.ClassMalicious, 70},
		{"class unknown", cfg, nil, []meta{{"class", "1"}}, scanner.ClassMalicious, 70},
		{"class notice", cfg, nil, []meta{{"score", 100}, {"class", "Notice"}}, scanner.ClassNotice, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			class, score := test.cfg.classify(test.tags, test.metas)
			if class != test.class || score != test.score {
				t.Errorf("%v %d, want %v %d", class, score, test.class, test.score)
			}
		})
	}
}

func TestForFiles(t *testing.T) {
	for _, test := range []struct {
		meta meta
		want bool
	}{
		{meta{"limit", "Logscan"}, false},
		{meta{"limit", "Filescan"}, true},
		{meta{"type", "memory"}, false},
		{meta{"type", "file"}, true},
		{meta{"description", "memory"}, true},
	} {
		if got := forFiles([]meta{test.meta}); got != test.want {
			t.Errorf("%v: %v", test.meta, got)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for name, cfg := range map[string]Config{
		"negative score":   {DefaultScore: -1},
		"score above 100":  {Malicious: 101},
		"suspicious above": {Malicious: 50, Suspicious: 60},
		"negative matches": {MaxMatches: -1},
		"negative time":    {Timeout: -1},
	} {
		if _, err := cfg.withDefaults(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
