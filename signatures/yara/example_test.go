//go:build cgo

package yara_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/signatures/yara"
)

func Example() {
	engine, warnings, err := yara.New(yara.Config{Sources: []yara.Source{{Name: "site.yar", Text: `
rule Site_Marker : test {
	meta:
		description = "a private string"
		score = 80
	strings:
		$a = "private-marker-of-this-site"
	condition:
		$a and extension == ".txt"
}
rule Broken {
	condition:
		$missing
}`}}})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	for _, w := range warnings {
		fmt.Println("warning:", w)
	}

	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{engine}})
	if err != nil {
		log.Fatal(err)
	}
	report, err := s.Scan(context.Background(), strings.NewReader(
		"From: a@example.org\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nprivate-marker-of-this-site\r\n"))
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range report.Objects {
		for _, f := range o.Findings {
			fmt.Println(f.Class, f.Signature, f.Score, "-", f.Source, f.Description, f.Matches)
		}
	}
	fmt.Println(report.Reply)
	// Output:
	// warning: site.yar:14: rule Broken: undefined string "$missing"
	// malicious Site_Marker 80 - site.yar:2 a private string [{$a 0 27}]
	// 550 5.7.1 E-mail message contained a virus.
}
