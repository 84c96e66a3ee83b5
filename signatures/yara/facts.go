package yara

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/scanner"
)

// Facts implements [scanner.Repeatable]: a digest of the rules, and the values of the
// variables that they use. Rules that look at no name, path or envelope have the same
// facts for every object.
func (e *Engine) Facts(ctx context.Context, obj *scanner.Object) (string, bool) {
	values, rest, err := e.values(ctx, obj)
	if err != nil || rest {
		return "", false
	}
	out := []byte(e.rules)
	for _, list := range values {
		for _, v := range list {
			out = binary.AppendUvarint(out, uint64(len(v)))
			out = append(out, v...)
		}
		out = append(out, 0xff, 0xff)
	}
	return string(out), true
}

// digestRules is a digest of all that decides what is found, but libyara itself: a
// scanner.Cache that several machines share wants the same one on each.
func digestRules(cfg Config, units []*unit) string {
	h := sha256.New()
	add := func(parts ...any) {
		for _, p := range parts {
			text := fmt.Sprint(p)
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
			io.WriteString(h, text)
		}
	}
	add("fivefifty yara findings 1", cfg.EveryRule, cfg.DefaultScore, cfg.Malicious, cfg.Suspicious, cfg.MaxMatches, len(cfg.Disable))
	for _, name := range cfg.Disable {
		add(name)
	}
	for _, u := range units {
		add(u.namespace, len(u.imports), len(u.rules))
		for _, imp := range u.imports {
			add(imp.name)
		}
		for _, r := range u.rules {
			add(r.file, r.line, r.fault, r.text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
