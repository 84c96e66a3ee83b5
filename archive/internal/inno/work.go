package inno

// work is what looking for files takes besides decoding, in the time of a byte of
// deflate. It is bounded for one file, and the bodies that follow tell their reader.
type work struct{ spent, told int64 }

// maxWork is the bound. What is not looked for any more has no names, or is found by its
// chunks.
const maxWork = 1 << 28

// spend takes n units, and says whether that is within the bound.
func (w *work) spend(n int64) bool {
	if w.spent+n > maxWork {
		return false
	}
	w.spent += n
	return true
}

// take is what was spent since it was asked last.
func (w *work) take() int64 {
	n := w.spent - w.told
	w.told = w.spent
	return n
}
