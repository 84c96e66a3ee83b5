package mime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// record is what a Handler saw of one entity.
type record struct {
	e    *Entity
	body bytes.Buffer
	done bool
}

// recorder keeps all entities in the order of their Begin.
type recorder struct {
	t    testing.TB
	all  []*record
	open map[*Entity]*record
}

func (r *recorder) Begin(e *Entity) io.Writer {
	rec := &record{e: e}
	if r.open == nil {
		r.open = map[*Entity]*record{}
	}
	if r.open[e] != nil {
		r.t.Errorf("Begin twice: %s", e.Path)
	}
	r.open[e] = rec
	r.all = append(r.all, rec)
	return &rec.body
}

func (r *recorder) Fork(of, e *Entity) io.Writer {
	out := r.Begin(e)
	out.Write(r.open[of].body.Bytes())
	return out
}

func (r *recorder) End(e *Entity) {
	rec := r.open[e]
	if rec == nil || rec.done {
		r.t.Errorf("End without Begin: %q", e.Path)
		return
	}
	rec.done = true
	if int64(rec.body.Len()) != e.Size {
		r.t.Errorf("%q: Size %d, wrote %d", e.Path, e.Size, rec.body.Len())
	}
}

// String lists the entities: path, kind, type, encoding, reading, names, body.
func (r *recorder) String() string {
	var b strings.Builder
	for _, rec := range r.all {
		e := rec.e
		fmt.Fprintf(&b, "%s|%d|%s|%s|%s|", e.Path, e.Kind, e.MediaType, e.Encoding, e.Reading)
		for _, n := range e.Names {
			fmt.Fprintf(&b, "<%s>", n.Value)
		}
		slices.Sort(e.Anomalies) // their order depends on the pieces
		fmt.Fprintf(&b, "|%v|%v|%q done=%v\n", e.Anomalies, e.Fault, rec.body.Bytes(), rec.done)
	}
	return b.String()
}

// limited reports whether an entity met the limit of readings.
func (r *recorder) limited() bool {
	return slices.ContainsFunc(r.all, func(rec *record) bool {
		var le *LimitError
		return errors.As(rec.e.Fault, &le) && le.Limit == "readings"
	})
}

func (r *recorder) bodies(path string) (out []string) {
	for _, rec := range r.all {
		if rec.e.Path == path {
			out = append(out, rec.body.String())
		}
	}
	return out
}

// walkPieces walks msg in pieces of size bytes.
func walkPieces(t testing.TB, msg []byte, size int, l Limits) *recorder {
	t.Helper()
	r := &recorder{t: t}
	w, err := NewWalker(r, l)
	if err != nil {
		t.Fatal(err)
	}
	for len(msg) > 0 {
		n := min(size, len(msg))
		piece := bytes.Clone(msg[:n])
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		clear(piece)
		msg = msg[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, rec := range r.all {
		if !rec.done {
			t.Errorf("%q did not end", rec.e.Path)
		}
	}
	return r
}

// sorted is String with its lines in order: between two readings of one body,
// the order of events depends on the pieces.
func (r *recorder) sorted() string {
	lines := strings.Split(r.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// walkAll walks msg whole and byte by byte and demands the same.
func walkAll(t testing.TB, msg string, l Limits) *recorder {
	t.Helper()
	whole := walkPieces(t, []byte(msg), max(1, len(msg)), l)
	single := walkPieces(t, []byte(msg), 1, l)
	if whole.sorted() != single.sorted() {
		t.Errorf("pieces differ\nwhole:\n%ssingle:\n%s", whole, single)
	}
	return whole
}
