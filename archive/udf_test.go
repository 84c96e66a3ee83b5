package archive

import (
	"path/filepath"
	"testing"
)

func TestUDFTools(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disc.iso")
	run(t, "genisoimage", "-quiet", "-udf", "-J", "-o", image, plant(t, treeFiles()))
	checkTree(t, UDF, slurp(t, image), treeFiles())
}

// TestUDFEmpty reads what mkudffs makes for each kind of medium and revision.
func TestUDFEmpty(t *testing.T) {
	for _, media := range []string{"hd", "dvd", "dvdram", "dvdrw", "dvdr", "cdrw", "cdr", "bdr", "mo"} {
		for _, rev := range []string{"1.02", "1.50", "2.01", "2.50", "2.60"} {
			t.Run(media+"-"+rev, func(t *testing.T) {
				image := filepath.Join(t.TempDir(), "udf.img")
				run(t, "mkudffs", "--new-file", "--media-type="+media, "--udfrev="+rev, image, "16384")
				checkTree(t, UDF, slurp(t, image), nil)
			})
		}
	}
}
