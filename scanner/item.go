package scanner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/archive"
	"github.com/fivefifty/fivefifty/internal/budget"
	"github.com/fivefifty/fivefifty/internal/filetype"
	"github.com/fivefifty/fivefifty/mime"
)

// item is an Object on its way: being filled, inspected, or open.
type item struct {
	scan   *scan
	obj    *Object
	index  int   // in Report.Objects
	depth  int   // containers, messages and multiparts that it is in
	origin int64 // size of the part at the chain's start; 0 if it is that part

	inArchive bool
	packed    bool // it came right out of a container
	cut       bool // what is in it may be broken, and is whole elsewhere
	excerpt   bool // it was quoted in a text to read, perhaps without its end
	message   bool // it is walked as a message
	carved    bool // declared a message by where it stood
	typ       filetype.Type
	meter     *budget.Meter
	full      bool // a limit was met: the rest of the bytes is not kept
	metaAsked bool // the engines were asked that need no bytes
	refs      int
	names     map[string]int // of children, to keep paths unique
}

// addRoot adds the message or file itself.
func (sc *scan) addRoot(path, declared string) *item {
	it := &item{scan: sc, obj: &Object{Path: path, Parent: -1, Names: []string{}, Declared: declared}}
	sc.report.Objects = append(sc.report.Objects, it.obj)
	return it
}

// addChild adds an object that comes out of it, or returns the limit that says
// that no more may be added.
func (it *item) addChild(segment string, obj *Object) (*item, error) {
	sc := it.scan
	if err := sc.budget.AddObject(); err != nil {
		return nil, err
	}
	obj.Parent = it.index
	obj.Path = it.childPath(segment)
	child := &item{
		scan:      sc,
		obj:       obj,
		index:     len(sc.report.Objects),
		depth:     it.depth + 1,
		origin:    it.origin,
		inArchive: it.inArchive,
	}
	if child.origin == 0 {
		child.origin = it.obj.Size
	}
	sc.report.Objects = append(sc.report.Objects, obj)
	return child, nil
}

func (it *item) childPath(segment string) string {
	if it.obj.Path != "" {
		segment = it.obj.Path + "/" + segment
	}
	if it.names == nil {
		it.names = make(map[string]int)
	}
	it.names[segment]++
	if n := it.names[segment]; n > 1 {
		return fmt.Sprintf("%s#%d", segment, n)
	}
	return segment
}

// open gives the item a body to be filled.
func (it *item) open(sc *scan, origin int64) {
	it.obj.body = sc.store.New()
	it.meter = sc.budget.Meter(origin)
	it.refs = 1
	sc.live[it] = struct{}{}
}

func (it *item) hasBody() bool { return it.obj.body != nil }

// append adds bytes to the body and reports whether a limit keeps out the rest.
func (it *item) append(p []byte) (full bool) {
	if it.full || len(p) == 0 {
		return it.full
	}
	n, err := it.meter.Add(len(p))
	if _, werr := it.obj.body.Write(p[:n]); werr != nil {
		it.fail(ReasonEngine, "spool", werr)
		it.full = true
	}
	if err != nil {
		it.limit(err)
		it.full = true
	}
	return it.full
}

// Write implements io.Writer for decoders that push; a limit does not stop them.
func (it *item) Write(p []byte) (int, error) {
	it.append(p)
	return len(p), nil
}

// complete fills the fields that depend on the whole body.
func (it *item) complete() {
	sum := it.obj.body.SHA256()
	it.obj.SHA256 = sum[:]
	it.obj.Size = it.obj.body.Size()
}

func (it *item) ref() { it.refs++ }

func (it *item) unref() {
	it.refs--
	if it.refs <= 0 {
		it.drop()
	}
}

func (it *item) drop() {
	if it.obj.body != nil {
		it.obj.body.Release()
		it.obj.body = nil
		delete(it.scan.live, it)
	}
}

func (it *item) addAnomaly(names ...string) {
	for _, n := range names {
		if !slices.Contains(it.obj.Anomalies, n) && len(it.obj.Anomalies) < maxAnomalies {
			it.obj.Anomalies = append(it.obj.Anomalies, n)
		}
	}
}

// One object's lists stay short whatever the input does.
const (
	maxAnomalies = 64
	maxUnchecked = 64
)

func (it *item) addUnchecked(u Unchecked) {
	if !slices.Contains(it.obj.Unchecked, u) && len(it.obj.Unchecked) < maxUnchecked {
		it.obj.Unchecked = append(it.obj.Unchecked, u)
	}
}

func (it *item) fail(r Reason, what string, err error) {
	it.addUnchecked(Unchecked{Reason: r, Detail: quote(what + ": " + err.Error())})
}

// limit records an error of the budget.
func (it *item) limit(err error) {
	var be *budget.Error
	if !errors.As(err, &be) {
		it.fail(ReasonLimit, "budget", err)
		return
	}
	if be.Limit == budget.Time {
		it.addUnchecked(Unchecked{Reason: ReasonTimeout, Limit: be.Limit, Detail: be.Error()})
		return
	}
	it.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: be.Limit, Detail: be.Error()})
}

// unexamined records why the scan stopped before the item.
func (it *item) unexamined(err error) {
	if errors.Is(err, budget.ErrLimit) {
		it.limit(err)
		return
	}
	it.fail(ReasonIncomplete, "cancelled", err)
}

// fault records an error of a parser by its class.
func (it *item) fault(err error) {
	var me *mime.LimitError
	switch {
	case errors.As(err, &me):
		it.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: me.Limit, Detail: quote(err.Error())})
	case errors.Is(err, archive.ErrLimit):
		it.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: "archive", Detail: quote(err.Error())})
	case errors.Is(err, archive.ErrEncrypted), errors.Is(err, mime.ErrEncrypted):
		it.addUnchecked(Unchecked{Reason: ReasonEncrypted, Detail: quote(err.Error())})
	case errors.Is(err, archive.ErrUnsupported), errors.Is(err, mime.ErrUnsupported):
		it.addUnchecked(Unchecked{Reason: ReasonUnsupported, Detail: quote(err.Error())})
	default:
		it.addUnchecked(Unchecked{Reason: ReasonMalformed, Detail: quote(err.Error())})
	}
}

// guard runs a decoder: a panic costs this item, not the scan.
func (it *item) guard(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			it.addUnchecked(Unchecked{Reason: ReasonEngine, Detail: quote(fmt.Sprintf("%s: panic: %v", what, r))})
		}
	}()
	f()
}
