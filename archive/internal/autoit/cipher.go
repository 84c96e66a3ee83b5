package autoit

import "math/bits"

// keystream is what a file is enciphered with.
type keystream interface {
	seed(uint32)
	xor([]byte)
}

// twister is the keystream of EA05: MT19937, of which each number yields the bits 1 to 8.
type twister struct {
	state [624]uint32
	next  int
}

func (t *twister) seed(s uint32) {
	for i := range t.state {
		t.state[i] = s
		s = 0x6c078965*(s^s>>30) + uint32(i) + 1
	}
	t.next = len(t.state)
}

// turn makes the next 624 numbers.
func (t *twister) turn() {
	const n, m = len(t.state), 397
	for i := range t.state {
		y := t.state[i]&(1<<31) | t.state[(i+1)%n]&(1<<31-1)
		t.state[i] = t.state[(i+m)%n] ^ y>>1 ^ -(y&1)&0x9908b0df
	}
	t.next = 0
}

func (t *twister) xor(p []byte) {
	for i := range p {
		if t.next == len(t.state) {
			t.turn()
		}
		y := t.state[t.next]
		t.next++
		y ^= y >> 11
		y ^= y << 7 & 0x9d2c5680
		y ^= y << 15 & 0xefc60000
		p[i] ^= byte((y ^ y>>18) >> 1)
	}
}

// lagged is the keystream of EA06: a lagged Fibonacci generator with rotations. Of each
// second number the highest byte is used.
type lagged struct {
	state [17]uint32
	a, b  int
}

func (l *lagged) seed(s uint32) {
	for i := range l.state {
		s = 1 - s*0x53a9b4fb
		l.state[i] = s
	}
	l.a, l.b = 0, 10
	for range 9 {
		l.number()
	}
}

func (l *lagged) number() uint32 {
	v := bits.RotateLeft32(l.state[l.a], 9) + bits.RotateLeft32(l.state[l.b], 13)
	l.state[l.a] = v
	if l.a--; l.a < 0 {
		l.a = len(l.state) - 1
	}
	if l.b--; l.b < 0 {
		l.b = len(l.state) - 1
	}
	return v
}

func (l *lagged) xor(p []byte) {
	for i := range p {
		l.number()
		p[i] ^= byte(l.number() >> 24)
	}
}
