package unace

import "math/bits"

// Symbols of sound.
const (
	soundRuns  = 32 // lengths of runs without a difference
	soundMode  = 256 + soundRuns
	soundMain  = soundMode + 1 // symbols
	soundWidth = 10
)

// modelsOf is how many codes each channel has.
const modelsOf = 3

// soundChannels are the channels of each kind of sound, and which of them has each
// byte in four.
var soundChannels = [...]struct {
	n   int
	use [4]int
}{{1, [4]int{0, 0, 0, 0}}, {2, [4]int{0, 1, 0, 1}}, {3, [4]int{0, 1, 0, 2}}, {3, [4]int{1, 0, 2, 0}}}

// sound is the state of the sound modes.
type sound struct {
	kind     int
	codes    [3 * modelsOf]code
	channels [3]channel
	left     int // symbols of the block to come
	at       int // bytes so far
}

func (r *Reader) startSound(kind byte) {
	if r.d.sound == nil {
		r.d.sound = new(sound)
	}
	r.d.work -= codeWork
	s := r.d.sound
	s.kind, s.channels, s.left, s.at = int(kind-modeSound8), [3]channel{}, 0, 0
}

// channel predicts the next byte of one channel from those before it.
type channel struct {
	misses     [2]int // of the two predictors
	lastMisses [2]int
	history    [4]int // of the differences between samples
	factor     [4]int
	misfits    [9]int // with each factor a little smaller or larger
	samples    int
	sample     int // the last one, signed
	step       int // its difference to the one before
	noise      int
	noisy      bool // the second model is used

	run  int // what is left of a run
	mode int // of the channel's symbols: 0, runCounts or runEnds
}

// Modes of a channel's symbols.
const (
	runNone   = iota // a difference, or a run
	runEnds          // the difference behind a run
	runCounts        // within a run
)

// readSound appends up to want bytes.
func (r *Reader) readSound(out []byte, want int) []byte {
	s := r.d.sound
	kind := &soundChannels[s.kind]
	for end := len(out) + want; len(out) < end; s.at++ {
		index := kind.use[s.at&3]
		c := &s.channels[index]
		v, ok := r.soundStep(c, index, kind.n)
		if !ok {
			if !r.change {
				r.fail()
			}
			return out
		}
		b := byte(v + c.predict())
		out = append(out, b)
		r.d.win.put(b)
		c.adjust(int(int8(b)))
	}
	return out
}

// soundStep returns the next difference of a channel; not ok at a change of mode and
// at a fault.
func (r *Reader) soundStep(c *channel, index, channels int) (int, bool) {
	value := 0
	if c.mode != runCounts {
		model := c.mode << 1
		if model == 0 && c.noisy {
			model = 1
		}
		symbol, ok := r.soundSymbol(index*modelsOf+model, channels)
		switch {
		case !ok:
			return 0, false
		case symbol == soundMode:
			// A change of mode comes back as no value.
			if !r.readMode() {
				r.fail()
			}
			return 0, false
		case c.mode == runEnds:
			value, c.mode = symbol, runNone
		case symbol >= soundRuns:
			value = symbol - soundRuns
			c.noise = c.noise*7>>3 + value
			c.noisy = c.noise > 40
		default:
			c.run, c.mode = symbol, runCounts
		}
	}
	if c.mode == runCounts {
		if c.run == 0 {
			c.mode = runEnds
		} else {
			c.run--
		}
		return 0, true
	}
	if value&1 != 0 {
		return 255 - value>>1, true
	}
	return value >> 1, true
}

func (r *Reader) soundSymbol(model, channels int) (int, bool) {
	s := r.d.sound
	if s.left == 0 {
		r.longest = soundWidth
		for i := range channels * modelsOf {
			if !r.readCode(&s.codes[i], soundMain) {
				return 0, false
			}
		}
		s.left = int(r.in.Take(15))
	}
	s.left--
	return s.codes[model].read(&r.in)
}

// predict returns the sample that is expected.
func (c *channel) predict() int {
	if c.misses[0] > c.misses[1] {
		return c.sample
	}
	return c.linear()
}

// linear is the predictor with factors.
func (c *channel) linear() int {
	sum := 8 * c.sample
	for i, f := range c.factor {
		sum += f * c.history[i]
	}
	return sum >> 3 & 0xff
}

// adjust learns from the sample that was there.
func (c *channel) adjust(sample int) {
	c.samples++
	miss := int(int8(c.linear()-sample)) << 3
	for i, h := range c.history {
		c.misfits[2*i] += abs(miss - h)
		c.misfits[2*i+1] += abs(miss + h)
	}
	c.misfits[8] += abs(miss)
	c.misses[0] += width8(miss >> 3)
	c.misses[1] += width8(c.sample - sample)
	c.step = int(int8(sample - c.sample))
	c.sample = sample
	if c.samples&0x1f == 0 {
		c.turn()
	}
	c.history[3], c.history[2] = c.history[2], c.history[1]
	c.history[1] = c.step - c.history[0]
	c.history[0] = c.step
}

// turn moves the factor that would have helped most.
func (c *channel) turn() {
	best := 0
	for i, e := range c.misfits {
		if e < c.misfits[best] {
			best = i
		}
	}
	clear(c.misfits[:])
	if i := best >> 1; best < 8 {
		switch {
		case best&1 == 0 && c.factor[i] >= -16:
			c.factor[i]--
		case best&1 == 1 && c.factor[i] <= 16:
			c.factor[i]++
		}
	}
	if c.samples&0xff == 0 {
		for i := range c.misses {
			c.misses[i] -= c.lastMisses[i]
			c.lastMisses[i] = c.misses[i]
		}
	}
}

// width8 is how many bits the size of a difference of bytes takes.
func width8(v int) int { return bits.Len(uint(abs(int(int8(v))))) }

func abs(v int) int { return max(v, -v) }
