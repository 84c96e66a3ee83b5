package image

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// QEMU, docs/interop/qcow2.rst, for versions 2 and 3; version 1 is as block/qcow.c of
// QEMU reads it. Numbers are big-endian.
var qcowMagic = []byte("QFI\xfb")

// QCOW is how an image of QEMU is found and opened.
var QCOW = &level.Format{Name: "qcow", Detect: detectQCOW, Open: openQCOW}

func detectQCOW(p *level.Probe) bool {
	return len(p.Head) >= 8 && bytes.HasPrefix(p.Head, qcowMagic) && device.BE32(p.Head, 4) <= 3
}

// qcow maps a disk through two levels of tables.
type qcow struct {
	*blocks
	version  uint32
	bits     uint  // binary logarithm of a cluster's bytes
	l2Bits   uint  // and of the entries of a table of the second level
	table    int64 // offset of the table of the first level
	count    int64 // its entries
	extended bool  // entries of the second level have a bitmap
	missing  []error
}

// Bits of a header's incompatible features.
const (
	qcowDataFile = 1 << 2
	qcowMethod   = 1 << 3
	qcowExtended = 1 << 4
	qcowKnown    = 1<<5 - 1
)

// Bits of table entries.
const (
	qcowPacked  = 1 << 62
	qcowPacked1 = 1 << 63 // of version 1
	qcowPlace   = 1<<56 - 1<<9
	qcowZero    = 1 // of version 3
)

func openQCOW(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [112]byte
	got := dev.Read(h[:], 0)
	if len(got) < 48 || !bytes.HasPrefix(got, qcowMagic) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	q, err := parseQCOW(dev, h[:])
	if err != nil {
		return nil, err
	}
	w, err := disk.OpenImage(disk.Image{Disk: dev.Derive(q, q.size), Missing: q.missing, Fault: q.Fault}, l)
	if err != nil || !q.extended {
		return w, err
	}
	// 7-Zip does not know of bitmaps, and takes them for entries.
	blind, err := parseQCOW(dev, h[:])
	if err != nil {
		return nil, err
	}
	blind.extended = false
	blind.l2Bits++
	second, err := disk.OpenImage(disk.Image{Disk: dev.Derive(blind, q.size)}, l)
	if err != nil {
		return nil, device.FirstError(dev.Err, err)
	}
	return &readings{Walker: w, other: second}, nil
}

// readings yields what an image holds, and behind it what there is in another reading,
// of which only what can be read counts.
type readings struct {
	level.Walker
	other level.Walker
	done  error // the first reading's end, once it was met
}

func (r *readings) Next() (*level.Member, io.Reader, error) {
	if r.done == nil {
		m, body, err := r.Walker.Next()
		if err == nil {
			return m, body, nil
		}
		r.done = err
	}
	for {
		m, body, err := r.other.Next()
		switch {
		case err == nil && m.Err == nil:
			m.Reading = "without bitmaps"
			return m, body, nil
		case err != nil:
			return nil, nil, r.done
		}
	}
}

func (r *readings) Close() {
	r.Walker.Close()
	r.other.Close()
}

func parseQCOW(dev *device.Device, h []byte) (*qcow, error) {
	q := &qcow{version: device.BE32(h, 4)}
	crypt := uint32(0)
	switch q.version {
	case 1:
		q.blocks = newBlocks(dev, device.OffsetOf(device.BE64(h, 24)))
		q.bits, q.l2Bits = uint(h[32]), uint(h[33])
		crypt, q.table = device.BE32(h, 36), device.OffsetOf(device.BE64(h, 40))
		q.count = 1 << 62 // as many as the disk's size asks for
	case 2, 3:
		q.blocks = newBlocks(dev, device.OffsetOf(device.BE64(h, 24)))
		q.bits = uint(min(device.BE32(h, 20), 255))
		q.l2Bits = q.bits - 3
		crypt = device.BE32(h, 32)
		q.count, q.table = int64(device.BE32(h, 36)), device.OffsetOf(device.BE64(h, 40))
	default:
		return nil, fmt.Errorf("version %d: %w", q.version, level.ErrUnsupported)
	}
	// QEMU's bounds; those of version 1 are within.
	if q.bits < 9 || q.bits > 21 || q.l2Bits > 18 || q.l2Bits < 1 {
		return nil, fmt.Errorf("clusters of 2^%d bytes: %w", q.bits, level.ErrMalformed)
	}
	if crypt != 0 {
		return nil, level.ErrEncrypted
	}
	if device.BE64(h, 8) != 0 {
		q.missing = append(q.missing, errParent)
	}
	if q.version >= 2 && device.BE32(h, 60) != 0 {
		q.missing = append(q.missing, fmt.Errorf("snapshots: %w", level.ErrUnsupported))
	}
	q.block, q.find, q.unpack = 1<<q.bits, q.cluster, unpackDeflate()
	return q, q.features(h)
}

// features reads what version 3 adds.
func (q *qcow) features(h []byte) error {
	if q.version < 3 {
		return nil
	}
	bits := device.BE64(h, 72)
	if bits&^qcowKnown != 0 {
		q.missing = append(q.missing, fmt.Errorf("features %#x: %w", bits, level.ErrUnsupported))
	}
	if bits&qcowDataFile != 0 {
		return errExtent
	}
	if bits&qcowMethod != 0 && device.BE32(h, 100) > 104 {
		switch h[104] {
		case 0:
		case 1:
			q.unpack = unpackZstd()
		default:
			return fmt.Errorf("compression type %d: %w", h[104], level.ErrUnsupported)
		}
	}
	if q.extended = bits&qcowExtended != 0 && q.bits >= extendedBits; q.extended {
		q.l2Bits--
	}
	return nil
}

// extendedBits is the smallest cluster that QEMU allows for entries with bitmaps; parts
// of smaller ones would be a few bytes.
const extendedBits = 14

// entry reads a number of a table, 0 where there is none.
func (q *qcow) entry(off int64) uint64 {
	var e [8]byte
	if !q.dev.Full(e[:], off) {
		q.fail(fmt.Errorf("a table outside of the file: %w", level.ErrMalformed))
		return 0
	}
	return device.BE64(e[:], 0)
}

// cluster finds the cluster at off ("Cluster mapping").
func (q *qcow) cluster(off int64) span {
	i := off >> (q.bits + q.l2Bits)
	if i >= q.count {
		return hole(off, q.block)
	}
	l2 := q.entry(q.table + 8*i)
	if q.version > 1 {
		l2 &= qcowPlace
	}
	if l2 == 0 {
		return hole(off, 1<<(q.bits+q.l2Bits))
	}
	at, step := device.OffsetOf(l2), int64(8)
	if q.extended {
		step = 16
	}
	at += off >> q.bits & (1<<q.l2Bits - 1) * step
	e := q.entry(at)
	switch {
	case q.version == 1 && e&qcowPacked1 != 0:
		shift := 63 - q.bits
		return packed(int64(e&(1<<shift-1)), int64(e>>shift)&(q.block-1), off, q.block, e)
	case q.version == 1:
		return q.plain(off, device.OffsetOf(e))
	case e&qcowPacked != 0:
		// The length counts sectors behind the one in which the data begin.
		shift := 62 - (q.bits - 8)
		place := int64(e & (1<<shift - 1))
		sectors := int64(e&(qcowPacked-1)>>shift) + 1
		return packed(place, sectors*512-place%512, off, q.block, e)
	case q.extended:
		return q.subcluster(off, int64(e&qcowPlace), q.entry(at+8))
	case q.version >= 3 && e&qcowZero != 0:
		return hole(off, q.block)
	}
	return q.plain(off, int64(e&qcowPlace))
}

func (q *qcow) plain(off, at int64) span {
	if at == 0 {
		return hole(off, q.block)
	}
	return stored(at, off, q.block)
}

// subclusters is how many parts of a cluster the bitmap of an extended entry tells of.
const subclusters = 32

// subcluster finds the part of a cluster at off ("Extended L2 Entries"): of each the
// bitmap says whether it is there.
func (q *qcow) subcluster(off, at int64, bitmap uint64) span {
	unit := q.block / subclusters
	i := off & (q.block - 1) / unit
	if at == 0 || bitmap>>i&1 == 0 {
		return hole(off, unit)
	}
	return stored(at+i*unit, off, unit)
}
