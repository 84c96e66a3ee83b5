package scanner

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/fivefifty/fivefifty/mime"
)

// message is a frame over one message: its bytes go in by write, or by next from
// the item that holds them, and its parts come out as items when complete.
type message struct {
	scan   *scan
	root   *item
	walker *mime.Walker
	ready  []*item
	open   map[*mime.Entity]*item
	offset int64 // of the next byte to read from root
	ended  bool
	source bool // next reads from root
}

func (sc *scan) newMessage(root *item) *message {
	m := &message{scan: sc, root: root, open: make(map[*mime.Entity]*item)}
	m.source = root.hasBody()
	if m.source {
		root.ref()
	}
	w, err := mime.NewWalker(m, mime.Limits{
		HeaderBytes: sc.limits.HeaderBytes,
		Entities:    sc.limits.Entities,
		Depth:       max(1, sc.limits.Depth-root.depth),
	})
	if err != nil { // Limits were checked by New
		root.fail(ReasonEngine, "mime", err)
		m.ended = true
	}
	m.walker = w
	if m.source && root.isText() {
		m.write(root.textHeader())
	}
	return m
}

// textHeader stands before a text that is no message, for what is in it. Its lines end as
// those of the text, of which LFs would make others of lone CRs.
func (it *item) textHeader() []byte {
	end := "\r\n"
	if b, err := it.obj.body.Bytes(); err == nil && bytes.IndexByte(b, '\n') < 0 {
		end = "\r"
	}
	return []byte("MIME-Version: 1.0" + end + "Content-Type: text/plain" + end + end)
}

// write walks the next bytes. After a panic the message's rest is not walked.
func (m *message) write(p []byte) {
	m.do(func() error { _, err := m.walker.Write(p); return err })
}

// end tells the walker that the message is complete.
func (m *message) end() {
	m.do(m.walker.Close)
	m.ended = true
	for _, it := range m.open { // after a panic: examine what there is
		it.addUnchecked(Unchecked{Reason: ReasonIncomplete, Detail: "mime: not read to its end"})
		m.ready = append(m.ready, it)
	}
	clear(m.open)
}

func (m *message) do(f func() error) {
	if m.ended {
		return
	}
	sane := false
	m.root.guard("mime", func() {
		if err := f(); err != nil {
			m.root.fault(err)
		}
		sane = true
	})
	m.ended = m.ended || !sane
}

func (m *message) pop() *item {
	if len(m.ready) == 0 {
		return nil
	}
	it := m.ready[0]
	m.ready[0] = nil
	m.ready = m.ready[1:]
	return it
}

// next implements frame: it feeds the walker until an item is complete.
func (m *message) next() *item {
	for {
		if it := m.pop(); it != nil {
			return it
		}
		if m.ended {
			if len(m.open) > 0 {
				m.end()
				continue
			}
			return nil
		}
		if err := m.scan.stopped(); err != nil {
			m.root.unexamined(err)
			m.end()
			continue
		}
		b, err := m.root.obj.body.Bytes()
		if err != nil {
			m.root.fail(ReasonEngine, "spool", err)
			m.end()
			continue
		}
		if m.offset >= int64(len(b)) {
			m.end()
			continue
		}
		chunk := b[m.offset:min(int64(len(b)), m.offset+chunkBytes)]
		m.offset += int64(len(chunk))
		m.write(chunk)
	}
}

// close ends the message, and lets its bytes go.
func (m *message) close() {
	if !m.ended || len(m.open) > 0 {
		m.end()
	}
	if m.source {
		m.source = false
		m.root.unref()
	}
}

// Begin implements mime.Handler.
func (m *message) Begin(e *mime.Entity) io.Writer {
	if e.Parent == nil {
		m.scan.hints.addSubject(e.Text("Subject"))
	}
	if e.Kind == mime.Multipart {
		return nil
	}
	it := m.add(e)
	if it == nil {
		return nil
	}
	it.open(m.scan, it.origin)
	return it
}

// Fork implements mime.Forker: e is an object of its own that shares the bytes of
// another one so far.
func (m *message) Fork(of, e *mime.Entity) io.Writer {
	from, ok := m.open[of]
	if !ok { // no object could be added for it, and the root bears the limit
		return nil
	}
	it := m.add(e)
	if it == nil {
		return nil
	}
	it.fork(m.scan, from)
	return it
}

// add adds the object of an entity; nil if a limit was met.
func (m *message) add(e *mime.Entity) *item {
	obj := &Object{Reading: e.Reading}
	obj.nameBy(e)
	if e.Kind == mime.Leaf || e.Kind == mime.Carved {
		obj.Declared = e.MediaType
	}
	parent, segment := m.root, e.Path
	if e.Kind == mime.Carved && len(obj.Names) > 0 {
		segment = e.Path + "/" + cutName(obj.Names[0])
	} else if len(obj.Names) > 0 {
		segment += "/" + cutName(obj.Names[0])
	}
	it, err := parent.addChild(segment, obj)
	if err != nil {
		m.root.limit(err)
		return nil
	}
	if len(e.Names) > maxNames {
		it.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: "names", Detail: fmt.Sprintf("%d names, the first %d are judged", len(e.Names), maxNames)})
	}
	it.depth = m.root.depth + e.Depth
	if m.root.obj.Parent >= 0 {
		it.depth++ // a message inside another is a level; multiparts count by e.Depth
	}
	if m.root.obj.Parent < 0 && !m.root.inArchive && m.root.origin == 0 {
		it.origin = 0 // a part of the message itself begins a chain
	}
	it.carved = e.Kind == mime.Carved
	if p, ok := m.open[e.Parent]; ok && e.Kind == mime.Carved {
		obj.Parent = p.index
	}
	m.open[e] = it
	return it
}

// fork gives the item a body that begins with what another one has so far.
func (it *item) fork(sc *scan, from *item) {
	body, err := from.obj.body.Clone()
	if err != nil {
		it.open(sc, it.origin)
		it.full = true
		it.fail(ReasonEngine, "spool", err)
		return
	}
	it.obj.body = body
	it.meter = sc.budget.Meter(it.origin)
	it.refs = 1
	sc.live[it] = struct{}{}
	it.full = from.full // what is missing there is missing here
	it.obj.Unchecked = append(it.obj.Unchecked, from.obj.Unchecked...)
	if _, err := it.meter.Add(int(body.Size())); err != nil {
		it.limit(err)
		it.full = true
	}
}

// End implements mime.Handler.
func (m *message) End(e *mime.Entity) {
	it, ok := m.open[e]
	if !ok {
		// A multipart has no object of its own: its oddities are the message's.
		m.root.addAnomaly(e.Anomalies...)
		if e.Fault != nil {
			m.root.fault(e.Fault)
		}
		return
	}
	delete(m.open, e)
	it.obj.nameBy(e) // one may have stood in the encoded body
	it.addAnomaly(e.Anomalies...)
	if e.Fault != nil {
		it.fault(e.Fault)
	}
	m.ready = append(m.ready, it)
}

// nameBy gives the object the names of an entity.
func (o *Object) nameBy(e *mime.Entity) {
	o.Names, o.RawNames = make([]string, 0, len(e.Names)), nil
	for _, n := range e.Names {
		o.Names = appendName(o.Names, n.Value)
		if n.Raw != n.Value {
			raw := strconv.QuoteToASCII(n.Raw[:min(len(n.Raw), maxNameBytes)])
			o.RawNames = appendName(o.RawNames, raw[1:len(raw)-1])
		}
	}
}
