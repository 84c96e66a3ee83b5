package scanner

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
)

// Cache keeps what engines found, so that an object that comes again is not shown to
// them again: an outbreak is one worm, ten thousand times. It must be safe for
// concurrent use and may forget whatever it likes. Findings go in and out as they
// are; nobody changes them. See package verdictcache for one in memory.
type Cache interface {
	Get(key CacheKey) (found []Finding, ok bool)
	Put(key CacheKey, found []Finding)
}

// CacheKey is SHA-256 over an engine's name, its facts, and the object's digest.
type CacheKey [sha256.Size]byte

// Repeatable is an Engine whose findings can be kept in a [Cache].
type Repeatable interface {
	Engine

	// Facts returns all that the findings depend on beside the object's bytes: the
	// rules, by a digest of them, and whatever the rules look at of the object's
	// names, path and types and of the Envelope in ctx. Equal facts and equal bytes
	// give equal findings. ok is false if there is no such text for the object.
	Facts(ctx context.Context, obj *Object) (facts string, ok bool)
}

// look asks an engine, or the cache.
func (sc *scan) look(ctx context.Context, e Engine, it *item) ([]Finding, error) {
	r, ok := e.(Repeatable)
	if !ok || sc.cache == nil {
		return inspectSafely(ctx, e, it)
	}
	key, ok := cacheKey(ctx, r, it)
	if !ok {
		return inspectSafely(ctx, e, it)
	}
	if found, ok := sc.cache.Get(key); ok {
		sc.report.Stats.CacheHits++
		return found, nil
	}
	told := len(it.obj.Unchecked)
	found, err := inspectSafely(ctx, e, it)
	if err == nil && len(it.obj.Unchecked) == told { // else a panic
		sc.cache.Put(key, found)
	}
	return found, err
}

func cacheKey(ctx context.Context, e Repeatable, it *item) (key CacheKey, ok bool) {
	var facts string
	it.guard(e.Name(), func() { facts, ok = e.Facts(ctx, it.obj) })
	if !ok {
		return key, false
	}
	h := sha256.New()
	var n [8]byte
	for _, part := range [...]string{e.Name(), facts} {
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	h.Write(it.obj.SHA256)
	h.Sum(key[:0])
	return key, true
}
