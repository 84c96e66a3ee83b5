// Command demo starts the relay on its embedded configuration, sends it clean
// and infected mail by SMTP, and shows what it answers and why.
//
//	demo --relay bin/relay
//
// It ends by itself; the exit status is 0 if every answer was the right one.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/scanner"
)

func main() {
	path := flag.String("relay", "bin/relay", "the relay's binary")
	flag.Parse()
	failures, err := run(*path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	if failures > 0 {
		fmt.Printf("\n%d of the answers were not the right ones.\n", failures)
		os.Exit(1)
	}
	fmt.Println("\nEvery answer was the right one, and only the clean mail was delivered.")
}

func run(path string) (failures int, err error) {
	messages, err := allMessages()
	if err != nil {
		return 0, err
	}
	rules, err := ruleset.Load(ruleset.Paths{Bundled: true})
	if err != nil {
		return 0, err
	}
	defer rules.Close()
	scan, err := scanner.New(scanner.Config{Engines: rules.Engines})
	if err != nil {
		return 0, err
	}
	relay, err := startRelay(path)
	if err != nil {
		return 0, err
	}
	defer relay.stop()

	for i, m := range messages {
		fmt.Printf("\n== %d. %s\n\n", i+1, m.title)
		reply, err := send(relay.address, m, os.Stdout)
		if err != nil {
			return failures, err
		}
		if err := explain(scan, m); err != nil {
			return failures, err
		}
		if !judge(m, reply, relay) {
			failures++
		}
	}
	return failures, nil
}

// judge compares the reply and the delivery with what the message deserves.
func judge(m message, reply string, relay *relay) bool {
	good := true
	if !m.wants(reply) {
		fmt.Printf("   WRONG: %q is not the reply that belongs here\n", reply)
		good = false
	}
	// The sink tells of a delivery before the client gets its 250, and of a
	// refused message never; a moment is enough to see one that should not be.
	wait := 5 * time.Second
	if !m.clean {
		wait = 100 * time.Millisecond
	}
	line, delivered := relay.delivery(m.subject, wait)
	if delivered != m.clean {
		fmt.Printf("   WRONG: delivered is %t\n", delivered)
		good = false
	}
	if delivered {
		fmt.Println("   sink:", line)
	} else {
		fmt.Println("   sink: (nothing)")
	}
	return good
}
