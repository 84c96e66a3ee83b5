package mime

// tailOf gathers what a copy of a decoder makes of a body's last bytes.
type tailOf struct{ b []byte }

func (t *tailOf) write(p []byte) error          { t.b = append(t.b, p...); return nil }
func (t *tailOf) close() error                  { return nil }
func (t *tailOf) snapshot(string, []byte) error { return nil }

// snapshotOf ends a copy of a decoder with tail, and has to, the sink of the
// decoder itself, end there as well. copyTo is the sink of the copy.
func snapshotOf(decoder sink, copyTo *sink, to sink, label string, tail []byte) error {
	var end tailOf
	*copyTo = &end
	if len(tail) > 0 {
		if err := decoder.write(tail); err != nil {
			return err
		}
	}
	if err := decoder.close(); err != nil {
		return err
	}
	return to.snapshot(label, end.b)
}
