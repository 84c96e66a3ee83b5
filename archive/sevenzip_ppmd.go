package archive

import (
	"fmt"
	"io"
)

func (z *sevenZip) ppmd(c *coder7z, in io.Reader, size int64) (io.Reader, error) {
	return nil, fmt.Errorf("method %s: %w", c.name(), ErrUnsupported)
}
