// Checksum is a client and a server that know every byte of a connection beforehand: so they notice when a network loses,
// reorders, changes or misdelivers a byte.
//
//	checksum serve -listen [::]:7070
//	checksum run -target host:7070 -mode turns -connections 16 -bytes 1000000000 -seconds 60
//
// SIGTERM ends a run between two messages; the run still prints its result.
//
// Both programs read and write through Go's runtime, which uses non-blocking sockets, and without splice(2).
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("reading the command line: expected serve or run"))
	}
	switch command, arguments := os.Args[1], os.Args[2:]; command {
	case "serve":
		flags := flag.NewFlagSet("serve", flag.ExitOnError)
		listen := flags.String("listen", "[::]:7070", "address to listen on")
		_ = flags.Parse(arguments)
		fail(serve(*listen))
	case "run":
		plan := planOf(arguments)
		ending, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		plan.stopped = ending.Done()
		_ = json.NewEncoder(os.Stdout).Encode(run(plan))
	default:
		fail(fmt.Errorf("reading the command %q: expected serve or run", command))
	}
}

func planOf(arguments []string) plan {
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	target := flags.String("target", "", "address of the server")
	name := flags.String("mode", "turns", "turns: request and answer; duplex: both at once; up, down: one way")
	connections := flags.Int("connections", 16, "connections at a time")
	bytes := flags.Int64("bytes", 1_000_000_000, "payload bytes to move, both directions together, before ending")
	seconds := flags.Float64("seconds", 60, "time after which no new message is sent")
	messages := flags.Int("messages", 100, "messages of a connection, on average, before it is closed and the next one is opened")
	largest := flags.Int("largest", 64<<10, "largest message in bytes; sizes are random, small ones as likely as large ones")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "seed of all random choices; the same seed repeats a run")
	_ = flags.Parse(arguments)
	mode, known := modes[*name]
	if !known || *target == "" || *messages < 1 || *largest < 1 || *largest > largestMessage {
		fail(fmt.Errorf("reading the arguments: mode %q, target %q, largest %d: see -help", *name, *target, *largest))
	}
	return plan{
		target: *target, mode: mode, connections: *connections, bytes: *bytes, messages: *messages, largest: *largest,
		seed: *seed, until: time.Now().Add(time.Duration(*seconds * float64(time.Second))),
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
