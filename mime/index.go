package mime

import "bytes"

// deepFrames is how many multiparts within multiparts are looked through for lines
// that only begin with a boundary, or hold it somewhere. Deeper, a line is compared
// as a whole, and the message bears a fault: each doubt would cost the depth.
const deepFrames = 256

// indexFrames is from how many on the frames have an index.
const indexFrames = 8

// indexed reports whether the stream looks its frames up.
func (s *stream) indexed() bool { return len(s.frames) >= indexFrames }

// frameIndex finds frames by their boundaries, so that a line costs no more in many
// multiparts than in few.
type frameIndex struct {
	plain  map[string][]int       // boundary: frames, the outermost first
	others map[string][]variantOf // boundary in another reading: where, the outermost first
	keys   []frameKeys            // of the frames that it covers
}

// frameKeys are what a frame stands under.
type frameKeys struct {
	plain  []byte
	guess  bool // it has no boundary yet
	others []variant
}

// variantOf is another reading of a frame's boundary.
type variantOf struct{ frame, variant int }

// cover adds the frames that are not covered yet.
func (x *frameIndex) cover(frames []frame) {
	if x.plain == nil {
		x.plain, x.others = map[string][]int{}, map[string][]variantOf{}
	}
	for n := len(x.keys); n < len(frames); n++ {
		f := &frames[n]
		x.keys = append(x.keys, frameKeys{f.boundary, f.guess, f.others})
		if !f.guess {
			x.plain[string(f.boundary)] = append(x.plain[string(f.boundary)], n)
		}
		for i := len(f.others) - 1; i >= 0; i-- { // the first is to be found first
			key := string(f.others[i].boundary)
			x.others[key] = append(x.others[key], variantOf{n, i})
		}
	}
}

// cut removes the frames from n on.
func (x *frameIndex) cut(n int) {
	for k := len(x.keys) - 1; k >= n; k-- {
		keys := x.keys[k]
		x.keys = x.keys[:k]
		if !keys.guess {
			dropLast(x.plain, keys.plain)
		}
		for _, o := range keys.others {
			dropLast(x.others, o.boundary)
		}
	}
}

// dropLast removes the last value of a key.
func dropLast[T any](m map[string][]T, key []byte) {
	list := m[string(key)]
	if len(list) > 1 {
		m[string(key)] = list[:len(list)-1]
		return
	}
	delete(m, string(key))
}

// exact is stream.exact.
func (x *frameIndex) exact(frames []frame, trimmed []byte) match {
	x.cover(frames)
	m := match{frame: -1, variant: -1}
	look := func(key []byte, kind delimiterKind) {
		if list := x.plain[string(key)]; len(list) > 0 && list[len(list)-1] > m.frame {
			m.kind, m.frame = kind, list[len(list)-1]
			m.boundary = frames[m.frame].boundary
		}
	}
	look(trimmed, opening)
	if close, ok := bytes.CutSuffix(trimmed, dashes); ok {
		look(close, closing)
	}
	return m
}

// variant is stream.variant.
func (x *frameIndex) variant(frames []frame, trimmed []byte) match {
	x.cover(frames)
	m := match{frame: -1, variant: -1}
	look := func(key []byte, kind delimiterKind) {
		list := x.others[string(key)]
		if len(list) == 0 {
			return
		}
		if v := list[len(list)-1]; v.frame > m.frame || v.frame == m.frame && v.variant < m.variant {
			m = match{kind: kind, frame: v.frame, variant: v.variant, boundary: frames[v.frame].others[v.variant].boundary}
		}
	}
	look(trimmed, opening)
	if close, ok := bytes.CutSuffix(trimmed, dashes); ok {
		look(close, closing)
	}
	return m
}
