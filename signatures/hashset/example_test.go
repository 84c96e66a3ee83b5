package hashset_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/signatures/hashset"
)

func Example() {
	list := fmt.Sprintf("%x  invoice.exe\nnot a digest\n", sha256.Sum256([]byte("bad bytes")))
	var b hashset.Builder
	if err := b.Read(strings.NewReader(list), "bad.sha256"); err != nil {
		log.Fatal(err)
	}
	for _, w := range b.Warnings() {
		fmt.Println(w)
	}
	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{b.Build()}})
	if err != nil {
		log.Fatal(err)
	}
	report, err := s.Scan(context.Background(), strings.NewReader("Subject: hello\r\n\r\nbad bytes"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Verdict, report.Reply)
	// Output:
	// bad.sha256:2: no digest of 32, 40 or 64 hexadecimal digits
	// malicious 550 5.7.1 E-mail message contained a virus.
}
