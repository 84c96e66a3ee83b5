package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/apfs"
	"github.com/fivefifty/fivefifty/archive/internal/cramfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/ext"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/squashfs"
)

// diskWalker yields the files of a disk's volumes, one volume after the other. A
// volume that cannot be read is a member with an error.
type diskWalker struct {
	dev    *device.Device
	limits level.Limits
	parts  []device.Partition
	volume level.Walker   // the present one, nil before the first and behind each
	more   []level.Walker // what else the present partition is
	index  int            // of the present volume in parts, from 1
	single bool           // the disk is one volume, without a partition table
	given  []error
	fault  func() error // of the image that holds the disk, asked for at the end; may be nil
	over   error        // the first volume's error, said at the end
	notes  []string
}

// Disk is how a disk with partitions is found and opened.
var Disk = &level.Format{Name: "disk", Detect: detectDisk, Open: openDisk}

func detectDisk(p *level.Probe) bool {
	if len(p.Head) < 512 {
		return false
	}
	if bytes.HasPrefix(p.At(512, 8), device.GPTMagic) || bytes.HasPrefix(p.At(4096, 8), device.GPTMagic) {
		return true
	}
	if isBareVolume(p.Head) || device.IsAppleDisk(p.Head) && string(p.At(int64(p.Head[2])<<8, 2)) == "PM" {
		return true
	}
	for i := range unreadKinds {
		at := min(unreadKinds[i].off, int64(len(p.Head)))
		if bytes.HasPrefix(p.Head[at:], []byte(unreadKinds[i].magic)) {
			return device.PlausibleMBR(p.Head, p.Size) || unreadVolume(device.New(p.Src, p.Size)).name != ""
		}
	}
	return device.PlausibleMBR(p.Head, p.Size)
}

// isBareVolume says whether a bare volume is of a kind that is read and has no
// format of its own here.
func isBareVolume(head []byte) bool {
	return isNTFS(head) || len(head) >= 512 && string(head[3:11]) == "EXFAT   " || len(head) > 1024 && isHFS(head[1024:])
}

// bareHead is how much of a volume isBareVolume looks at, in bytes.
const bareHead = 1024 + 4

func openDisk(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	w, err := openDiskDevice(dev, l)
	if err != nil {
		return nil, err
	}
	// A bare volume of a kind that has its own format is opened as that.
	var head [bareHead]byte
	if w.single && !isBareVolume(dev.Read(head[:], 0)) && unreadVolume(dev).name == "" {
		return nil, level.ErrFormat
	}
	return w, nil
}

// openDiskDevice opens a disk, or a volume that fills it: a "superfloppy".
func openDiskDevice(dev *device.Device, l level.Limits) (*diskWalker, error) {
	w := &diskWalker{dev: dev, limits: l}
	t := device.PartitionTables{Dev: dev}
	t.Read()
	w.parts = t.Parts
	if t.Cut {
		w.notes = level.NoteOnce(w.notes, anomaly.Truncated)
	}
	if t.More {
		w.over = fmt.Errorf("partitions: %w", level.ErrLimit)
	}
	whole := isVolume(dev)
	if whole {
		// The code of a boot sector stands where a partition table would.
		w.parts = keepReadable(dev, w.parts)
	}
	// A partition may begin where the disk does: that of a disc which can be written to
	// a disk.
	covered := slices.ContainsFunc(w.parts, func(p device.Partition) bool { return p.Start == 0 })
	if len(w.parts) == 0 || whole && !covered {
		w.single = len(w.parts) == 0
		w.parts = append(w.parts, device.Partition{Start: 0, N: dev.Size})
	}
	if dev.Err != nil {
		return nil, dev.Err
	}
	return w, nil
}

// isVolume says whether a disk bears the mark of a volume, which may have room for a boot
// record before it.
func isVolume(dev *device.Device) bool {
	var head [2048]byte
	b := dev.Read(head[:], 0)
	_, fat := parseFATBoot(b)
	return fat || isBareVolume(b) || ext.Is(dev) || squashfs.Is(b) || cramfs.Is(dev) || apfs.Is(dev) || isDisc(dev) || unreadVolume(dev).name != ""
}

// isDisc asks for the descriptors of a disc (ECMA-119 section 8.1.2, ECMA-167 section
// 2/9.1) where the first stands.
func isDisc(dev *device.Device) bool {
	var id [5]byte
	switch string(dev.Read(id[:], 16*isoSector+1)) {
	case "CD001", "BEA01", "NSR02", "NSR03":
		return true
	}
	return false
}

// keepReadable drops the partitions that hold nothing that is known.
func keepReadable(dev *device.Device, parts []device.Partition) []device.Partition {
	var kept []device.Partition
	for _, p := range parts {
		if _, err := openVolume(dev.Part(p.Start, p.N), level.Limits{Members: 1, NameBytes: 1}); err == nil {
			kept = append(kept, p)
		}
	}
	return kept
}

func (w *diskWalker) Next() (*level.Member, io.Reader, error) {
	if len(w.given) > 0 {
		m := &level.Member{Size: -1, Err: w.given[0]}
		w.given = w.given[1:]
		return m, nil, nil
	}
	for {
		if w.volume != nil {
			m, body, err := w.volume.Next()
			if err == nil {
				if !w.single {
					m.Reading = fmt.Sprintf("partition %d", w.index)
				}
				return m, body, nil
			}
			w.endVolume(err)
		}
		if len(w.more) > 0 {
			w.volume, w.more = w.more[0], w.more[1:]
			continue
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
	case w.dev.Err != nil:
		return w.dev.Err
	case w.over != nil:
		return w.over
	case w.fault != nil:
		return device.FirstError(w.fault(), io.EOF)
	}
	return io.EOF
}

func (w *diskWalker) endVolume(err error) {
	if err != io.EOF && w.over == nil {
		w.over = err
	}
	for _, note := range w.volume.Anomalies() {
		w.notes = level.NoteOnce(w.notes, note)
	}
	w.volume.Close()
	w.volume = nil
}

// openPart opens a partition, or returns the member that says why not; nil for
// one that holds nothing.
func (w *diskWalker) openPart(p device.Partition) *level.Member {
	dev := w.dev.Part(p.Start, p.N)
	all, err := openVolume(dev, w.limits)
	if err == nil {
		w.volume, w.more = all[0], all[1:]
		return nil
	}
	kind := unreadVolume(dev)
	m := &level.Member{Size: dev.Size, Names: []string{fmt.Sprintf("%d.%s", w.index, kind.name)}}
	switch {
	case kind.name != "":
		m.Err = fmt.Errorf("%s volume: %w", kind.name, kind.err)
	case errors.Is(err, level.ErrFormat) && (p.Bare || blank(dev)):
		return nil
	case errors.Is(err, level.ErrFormat):
		m.Names = []string{fmt.Sprintf("%d.img", w.index)}
		m.Err = fmt.Errorf("volume of an unknown kind: %w", level.ErrUnsupported)
	default:
		m.Names = []string{fmt.Sprintf("%d.img", w.index)}
		m.Err = err
	}
	return m
}

func (w *diskWalker) Anomalies() []string { return w.notes }

func (w *diskWalker) Close() {
	if w.volume != nil {
		w.volume.Close()
		w.volume = nil
	}
	for _, v := range w.more {
		v.Close()
	}
	w.more = nil
}
