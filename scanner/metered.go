package scanner

// meteredSource is what a container is read from. It fails once the scan must stop: a
// decoder can go through all of its input in one call, and give nothing.
type meteredSource struct {
	*Object
	pace
}

func (s *meteredSource) ReadAt(p []byte, off int64) (int, error) {
	if err := s.step(len(p)); err != nil {
		return 0, err
	}
	return s.Object.ReadAt(p, off)
}

// pace asks from time to time whether the scan must stop.
type pace struct {
	scan  *scan
	since int   // bytes since it was asked last
	halt  error // sticky
}

// paceBytes is how many bytes pass between two looks at the clock, and stepCost what
// each step counts for beside its bytes.
const (
	paceBytes = 64 << 10
	stepCost  = 512
)

// step counts n bytes, and returns why the scan must stop.
func (p *pace) step(n int) error {
	if p.since += n + stepCost; p.since >= paceBytes && p.halt == nil {
		p.since = 0
		p.halt = p.scan.halted()
	}
	return p.halt
}
