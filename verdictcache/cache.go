// Package verdictcache keeps, in memory, what engines found in objects that come
// again: a mass mailing is one file, ten thousand times.
//
//	cache, err := verdictcache.New(64 << 20)
//	s, err := scanner.New(scanner.Config{Engines: engines, Cache: cache})
//
// Only engines that implement [scanner.Repeatable] use it. A cache may serve many
// scanners, and outlive a reload of the rules: their digest is part of each key, and
// what belongs to rules that are gone is the first to be forgotten.
//
// # Security
//
// A key is SHA-256 over the object's digest and all else that its findings depend on:
// whoever could forge a hit could forge a SHA-256. What a sender chooses, names and
// bytes, can push out other entries, which costs time and changes no verdict.
package verdictcache

import (
	"errors"
	"fmt"

	"github.com/maypok86/otter/v2"

	"github.com/fivefifty/fivefifty/scanner"
)

// Cache is a [scanner.Cache] that holds a bounded number of bytes. It is safe for
// concurrent use.
type Cache struct {
	entries *otter.Cache[scanner.CacheKey, []scanner.Finding]
}

// New returns a cache of about that many bytes. An object without findings takes 150.
func New(bytes int64) (*Cache, error) {
	if bytes <= 0 {
		return nil, errors.New("verdictcache: size is not positive")
	}
	entries, err := otter.New(&otter.Options[scanner.CacheKey, []scanner.Finding]{
		MaximumWeight: uint64(bytes),
		Weigher:       weigh,
	})
	if err != nil {
		return nil, fmt.Errorf("verdictcache: %w", err)
	}
	return &Cache{entries: entries}, nil
}

// Get returns what was found under the key.
func (c *Cache) Get(key scanner.CacheKey) ([]scanner.Finding, bool) {
	return c.entries.GetIfPresent(key)
}

// Put keeps what was found under the key.
func (c *Cache) Put(key scanner.CacheKey, found []scanner.Finding) { c.entries.Set(key, found) }

// What an entry takes beside its texts, in bytes, on a machine of 64 bits.
const (
	entryBytes   = 150 // key, slice, links, and its part of the table
	findingBytes = 168
	matchBytes   = 40
)

func weigh(_ scanner.CacheKey, found []scanner.Finding) uint32 {
	n := entryBytes
	for i := range found {
		f := &found[i]
		n += findingBytes + len(f.Engine) + len(f.Signature) + len(f.Detail) + len(f.Namespace) + len(f.Source) +
			len(f.Description) + len(f.Reference)
		for _, m := range f.Matches {
			n += matchBytes + len(m.Name)
		}
	}
	return uint32(min(n, 1<<31))
}
