package ruleset

import (
	"fmt"
	"os"

	"github.com/fivefifty/fivefifty/signatures/yara"
)

// workerArgument, alone, makes of a program the process in which another one of
// its kind runs libyara.
const workerArgument = "yara-worker"

// workerCommand starts this program as a worker.
func workerCommand() []string {
	program := "/proc/self/exe" // this very program, even if its file was replaced
	if _, err := os.Stat(program); err != nil {
		if program, err = os.Executable(); err != nil {
			program = os.Args[0]
		}
	}
	return []string{program, workerArgument}
}

// ServeWorker is called by a program before anything else, with its arguments.
// If it was started as a worker, it is one until its end, and exits.
func ServeWorker(args []string) {
	if len(args) != 1 || args[0] != workerArgument {
		return
	}
	if err := yara.Serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}
