package pdf

import (
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// reading is one way to decode a stream.
type reading struct {
	st     *stream
	end    int64
	chain  []filter
	cipher pdfCipher
	nested bool // inside of another stream
	flate  rigour
}

// rigour says what is done about deflate streams that break RFC 1951, of which
// viewers show more or less.
type rigour uint8

const (
	pdfBoth   rigour = iota // decoded strictly, and from the fault on loosely
	pdfStrict               // as zlib does, up to the fault
	pdfLoose                // see lz.InflateLoose
)

// content is the content member's body: one stream after the other, with a
// line feed behind each, found by going through the file once more. So nothing
// about them needs to be remembered.
type content struct {
	x     *index
	queue []reading
	now   reading
	body  *body
	line  bool // the line feed is due
	err   error
}

func newContent(x *index) *content {
	x.parse.dict = nil
	x.scan.reset()
	x.cover = [2]int64{}
	return &content{x: x}
}

func (c *content) close() {
	if c.body != nil {
		c.body.release()
		c.body = nil
	}
}

func (c *content) Read(p []byte) (int, error) {
	for len(p) > 0 && c.err == nil {
		if c.line {
			c.line, p[0] = false, '\n'
			return 1, nil
		}
		if c.body == nil {
			c.fail(c.advance())
			continue
		}
		n, err := c.body.Read(p)
		if err != nil {
			c.finish(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, c.err
}

// finish leaves a stream.
func (c *content) finish(err error) {
	if c.body.damage.broken && !c.now.nested {
		c.x.note(anomaly.PDFDamaged)
	}
	c.close()
	c.line = true
	if err != io.EOF {
		c.fail(err)
	}
}

// fail ends the member. A bound that was met is what Next reports afterwards.
func (c *content) fail(err error) {
	if errors.Is(err, level.ErrLimit) {
		c.x.limited = true
		err = io.EOF
	}
	if err != nil {
		c.err = level.Unmarked(err)
	}
}

// advance opens the next stream.
func (c *content) advance() error {
	for len(c.queue) == 0 {
		hit, ok := c.x.scan.next()
		if !ok {
			if c.x.scan.err != nil {
				return c.x.scan.err
			}
			return io.EOF
		}
		if err := c.look(hit); err != nil {
			return err
		}
	}
	c.now, c.queue = c.queue[0], c.queue[1:]
	body, err := c.x.open(c.now)
	switch {
	case err != nil:
		c.x.limited = true
	case body.image:
		body.release()
	default:
		c.body = body
		if body.unknown && !c.now.nested {
			c.x.note(anomaly.PDFFilter)
		}
	}
	return nil
}

// look queues the readings of what is found at hit, if it is a stream that is no
// member of its own.
func (c *content) look(hit hit) error {
	x := c.x
	if _, own := x.files[hit.at]; own || hit.trailer {
		return nil
	}
	x.cur = def{tree: &x.parse.tree, num: hit.num, gen: hit.gen, at: hit.at}
	root, word := x.read(hit)
	if x.parse.lex.err != nil {
		return x.parse.lex.err
	}
	if word != "stream" || x.parse.tree.vals[root].kind != pdfDict {
		return nil
	}
	st, err := x.describe(&x.parse, root, hit)
	if err != nil {
		return err
	}
	nested := st.at < x.cover[1]
	x.enter(st)
	if st.long {
		x.limited = true
	}
	for _, chain := range st.chains {
		if picture(chain) {
			continue
		}
		ciphers, err := x.ciphers(st, chain)
		if err != nil {
			return err
		}
		for _, m := range ciphers {
			c.queue = append(c.queue, reading{st: st, end: st.furthest(), chain: chain, cipher: m, nested: nested})
		}
	}
	return nil
}
