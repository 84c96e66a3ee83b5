package clamav_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fivefifty/fivefifty/signatures/clamav"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	text := "Example.Body-1:0:EOF-4:6d61726b\nExample.Page-1:3:*:6d61726b\n"
	if err := os.WriteFile(filepath.Join(dir, "example.ndb"), []byte(text), 0o600); err != nil {
		panic(err)
	}
	db, err := clamav.Load(clamav.Config{Paths: []string{dir}})
	if err != nil {
		panic(err)
	}
	fmt.Print(db.Rules[0].Text)
	for _, w := range db.Warnings {
		fmt.Println(w.Name, "is", w.Text)
	}
	// Output:
	// rule c_Example_Body_1 { meta: reported_as = "Example.Body-1" strings: $a = { 6D 61 72 6B } condition: (filesize >= 4 and $a at filesize - 4) }
	// Example.Page-1 is for HTML or text, which ClamAV matches in a form that it makes of it
}
