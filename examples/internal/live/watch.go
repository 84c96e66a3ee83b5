package live

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Watch calls changed when files that a scanner was made of have changed: it looks at
// their names, sizes and times every so often, which works on any file system, and
// waits until they have stayed the same for one period, so that half a copy is not
// read. paths gives the files and folders in use. Watch returns when ctx is done.
func Watch(ctx context.Context, every time.Duration, paths func() []string, changed func()) {
	loaded := fingerprint(paths())
	last := loaded
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := fingerprint(paths())
		settled := now == last
		last = now
		if now == loaded || !settled {
			continue
		}
		loaded = now
		changed()
	}
}

// fingerprint is a digest of all names, sizes and times under the paths. What cannot
// be read is part of it as such.
func fingerprint(paths []string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, p := range paths {
		note(h, p)
		// A link to a folder that is exchanged, as orchestrators do, is followed.
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real
		}
		filepath.WalkDir(p, func(name string, _ fs.DirEntry, err error) error {
			if err != nil {
				fmt.Fprintf(h, "%q %v\n", name, err)
				return nil
			}
			note(h, name)
			return nil
		})
	}
	h.Sum(sum[:0])
	return sum
}

func note(h hash.Hash, name string) {
	info, err := os.Stat(name)
	if err != nil {
		fmt.Fprintf(h, "%q missing\n", name)
		return
	}
	fmt.Fprintf(h, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
}
