package hashset

import (
	"bufio"
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// label is what an entry says of an object. One without class is the name of a
// list, which other labels have as their source.
type label struct {
	class  byte   // index in classes
	source uint32 // number of the label that is the list's name
	name   string
}

// classes are the classes by their number in a file.
var classes = [...]scanner.Class{1: scanner.ClassMalicious, 2: scanner.ClassUnwanted, 3: scanner.ClassAllowed}

const (
	classNone byte = iota
	classMalicious
	classUnwanted
	classAllowed
)

// labels keeps each label once.
type labels struct {
	all   []label
	index map[label]uint32
}

func (l *labels) intern(class byte, source uint32, name string) uint32 {
	key := label{class, source, name}
	if n, ok := l.index[key]; ok {
		return n
	}
	if l.index == nil {
		l.index = map[label]uint32{}
	}
	n := uint32(len(l.all))
	key.name = strings.Clone(name) // not the whole line with it
	l.all = append(l.all, key)
	l.index[key] = n
	return n
}

const labelHead = 1 + 4 // bytes before a label's name

// texts returns the bytes of all labels as they stand in a file.
func (l *labels) texts() (n uint64) {
	for i := range l.all {
		n += labelHead + uint64(len(l.all[i].name))
	}
	return n
}

var errTooManyNames = errors.New("more than 4 GiB of names")

// write writes offsets and texts.
func (l *labels) write(w *bufio.Writer) error {
	if l.texts() > math.MaxUint32 {
		return errTooManyNames
	}
	var b []byte
	end := uint32(0)
	for i := range l.all {
		b = binary.LittleEndian.AppendUint32(b[:0], end)
		w.Write(b)
		end += labelHead + uint32(len(l.all[i].name))
	}
	w.Write(binary.LittleEndian.AppendUint32(b[:0], end))
	for i := range l.all {
		b = append(b[:0], l.all[i].class)
		b = binary.LittleEndian.AppendUint32(b, l.all[i].source)
		w.Write(b)
		w.WriteString(l.all[i].name)
	}
	return w.Flush() // with the first error of all
}

// readLabel reads label n of a set's bytes.
func readLabel(offsets, texts []byte, n uint32) (label, error) {
	if uint64(n)+1 >= uint64(len(offsets)/4) {
		return label{}, damaged("label %d of %d", n, len(offsets)/4-1)
	}
	from, to := binary.LittleEndian.Uint32(offsets[4*n:]), binary.LittleEndian.Uint32(offsets[4*n+4:])
	if from > to || uint64(to) > uint64(len(texts)) || to-from < labelHead || to-from > labelHead+maxSource {
		return label{}, damaged("label %d stands at %d to %d", n, from, to)
	}
	b := texts[from:to]
	if int(b[0]) >= len(classes) {
		return label{}, damaged("label %d has class %d", n, b[0])
	}
	return label{b[0], binary.LittleEndian.Uint32(b[1:]), string(b[labelHead:])}, nil
}
