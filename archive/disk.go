package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// diskWalker yields the files of a disk's volumes, one volume after the other. A
// volume that cannot be read is a member with an error.
type diskWalker struct {
	dev    *device
	limits Limits
	parts  []partition
	volume walker // the present one, nil before the first and behind each
	index  int    // of the present volume in parts, from 1
	single bool   // the disk is one volume, without a partition table
	given  []error
	over   error // the first volume's error, said at the end
	notes  []string
}

func detectDisk(p *probe) bool {
	if len(p.head) < 512 {
		return false
	}
	if bytes.HasPrefix(p.at(512, 8), gptMagic) || bytes.HasPrefix(p.at(4096, 8), gptMagic) {
		return true
	}
	if isBareVolume(p.head) || isAppleDisk(p.head) && string(p.at(int64(p.head[2])<<8, 2)) == "PM" {
		return true
	}
	for i := range unreadKinds {
		at := min(unreadKinds[i].off, int64(len(p.head)))
		if bytes.HasPrefix(p.head[at:], []byte(unreadKinds[i].magic)) {
			return plausibleMBR(p.head, p.size) || unreadVolume(newDevice(p.src, p.size)).name != ""
		}
	}
	return plausibleMBR(p.head, p.size)
}

// isBareVolume says whether a bare volume is of a kind that is read and has no
// format of its own here.
func isBareVolume(head []byte) bool {
	return isNTFS(head) || len(head) >= 512 && string(head[3:11]) == "EXFAT   " || len(head) > 1024 && isHFS(head[1024:])
}

// bareHead is how much of a volume isBareVolume looks at, in bytes.
const bareHead = 1024 + 4

func openDisk(src io.ReaderAt, size int64, l Limits) (walker, error) {
	dev := newDevice(src, size)
	w, err := openDiskDevice(dev, l)
	if err != nil {
		return nil, err
	}
	// A bare volume of a kind that has its own format is opened as that.
	var head [bareHead]byte
	if w.single && !isBareVolume(dev.read(head[:], 0)) && unreadVolume(dev).name == "" {
		return nil, ErrFormat
	}
	return w, nil
}

// openDiskDevice opens a disk, or a volume that fills it: a "superfloppy".
func openDiskDevice(dev *device, l Limits) (*diskWalker, error) {
	w := &diskWalker{dev: dev, limits: l}
	t := partitionTables{dev: dev}
	t.read()
	w.parts = t.parts
	if t.cut {
		w.notes = noteOnce(w.notes, AnomalyTruncated)
	}
	if t.more {
		w.over = fmt.Errorf("partitions: %w", ErrLimit)
	}
	var head [bareHead]byte
	_, whole := parseFATBoot(dev.read(head[:], 0))
	whole = whole || isBareVolume(head[:]) || unreadVolume(dev).name != ""
	if whole {
		// The code of a boot sector stands where a partition table would.
		w.parts = keepReadable(dev, w.parts)
	}
	if len(w.parts) == 0 || whole {
		w.single = len(w.parts) == 0
		w.parts = append(w.parts, partition{start: 0, n: dev.size})
	}
	if dev.err != nil {
		return nil, dev.err
	}
	return w, nil
}

// keepReadable drops the partitions that hold nothing that is known.
func keepReadable(dev *device, parts []partition) []partition {
	var kept []partition
	for _, p := range parts {
		if _, err := openVolume(dev.part(p.start, p.n), Limits{Members: 1, NameBytes: 1}); err == nil {
			kept = append(kept, p)
		}
	}
	return kept
}

func (w *diskWalker) next() (*Member, io.Reader, error) {
	if len(w.given) > 0 {
		m := &Member{Size: -1, Err: w.given[0]}
		w.given = w.given[1:]
		return m, nil, nil
	}
	for {
		if w.volume != nil {
			m, body, err := w.volume.next()
			if err == nil {
				if !w.single {
					m.Reading = fmt.Sprintf("partition %d", w.index)
				}
				return m, body, nil
			}
			w.endVolume(err)
		}
		if w.index == len(w.parts) {
			return nil, nil, w.end()
		}
		p := w.parts[w.index]
		w.index++
		if m := w.openPart(p); m != nil {
			return m, nil, nil
		}
	}
}

func (w *diskWalker) end() error {
	switch {
	case w.dev.err != nil:
		return w.dev.err
	case w.over != nil:
		return w.over
	}
	return io.EOF
}

func (w *diskWalker) endVolume(err error) {
	if err != io.EOF && w.over == nil {
		w.over = err
	}
	for _, note := range w.volume.anomalies() {
		w.notes = noteOnce(w.notes, note)
	}
	w.volume.close()
	w.volume = nil
}

// openPart opens a partition, or returns the member that says why not; nil for
// one that holds nothing.
func (w *diskWalker) openPart(p partition) *Member {
	dev := w.dev.part(p.start, p.n)
	v, err := openVolume(dev, w.limits)
	if err == nil {
		w.volume = v
		return nil
	}
	kind := unreadVolume(dev)
	m := &Member{Size: dev.size, Names: []string{fmt.Sprintf("%d.%s", w.index, kind.name)}}
	switch {
	case kind.name != "":
		m.Err = fmt.Errorf("%s volume: %w", kind.name, kind.err)
	case errors.Is(err, ErrFormat) && (p.bare || blank(dev)):
		return nil
	case errors.Is(err, ErrFormat):
		m.Names = []string{fmt.Sprintf("%d.img", w.index)}
		m.Err = fmt.Errorf("volume of an unknown kind: %w", ErrUnsupported)
	default:
		m.Names = []string{fmt.Sprintf("%d.img", w.index)}
		m.Err = err
	}
	return m
}

func (w *diskWalker) anomalies() []string { return w.notes }

func (w *diskWalker) close() {
	if w.volume != nil {
		w.volume.close()
		w.volume = nil
	}
}
