package scanner

// meteredSource is what a container is read from. It fails once the scan must stop: a
// decoder can go through all of its input in one call, and give nothing.
type meteredSource struct {
	*Object
	scan  *scan
	since int   // bytes since the clock was last read
	halt  error // sticky
}

// meterStep is how many bytes pass between two looks at the clock, and readCost what
// each call counts for beside its bytes.
const (
	meterStep = 64 << 10
	readCost  = 512
)

func (s *meteredSource) ReadAt(p []byte, off int64) (int, error) {
	if s.since += len(p) + readCost; s.since >= meterStep && s.halt == nil {
		s.since = 0
		s.halt = s.scan.halted()
	}
	if s.halt != nil {
		return 0, s.halt
	}
	return s.Object.ReadAt(p, off)
}
