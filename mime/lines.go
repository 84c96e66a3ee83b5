package mime

// lines cuts a body into lines, and long lines into pieces. A CRLF gives an empty
// line besides, which no format here minds.
type lines struct {
	line []byte // the beginning of a line, at most carveLine bytes
	long bool   // that was given already
}

// write gives the lines of p to take.
func (l *lines) write(p []byte, take func([]byte, piece) error) error {
	for len(p) > 0 {
		i := lineEnd(p)
		if i >= 0 && len(l.line) == 0 && !l.long && i <= carveLine {
			if err := take(p[:i], piece{first: true, last: true}); err != nil {
				return err
			}
			p = p[i+1:]
			continue
		}
		line := p
		if i >= 0 {
			line = p[:i]
		}
		p = p[len(line):]
		if err := l.add(line, take); err != nil {
			return err
		}
		if i < 0 {
			return nil
		}
		p = p[1:]
		if err := l.end(take); err != nil {
			return err
		}
	}
	return nil
}

// add adds to a line that did not end yet.
func (l *lines) add(p []byte, take func([]byte, piece) error) error {
	if !l.long {
		n := min(len(p), carveLine-len(l.line))
		l.line = append(l.line, p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return nil
		}
		l.long = true
		if err := take(l.line, piece{first: true}); err != nil {
			return err
		}
		l.line = l.line[:0]
	}
	return take(p, piece{})
}

// end ends the line.
func (l *lines) end(take func([]byte, piece) error) error {
	line, first := l.line, !l.long
	l.line, l.long = l.line[:0], false
	return take(line, piece{first: first, last: true})
}

// close ends the last line, if there is one.
func (l *lines) close(take func([]byte, piece) error) error {
	if len(l.line) == 0 && !l.long {
		return nil
	}
	return l.end(take)
}
