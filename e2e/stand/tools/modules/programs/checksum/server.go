// The server: checks the bytes that arrive, answers as the greeting says, and tells the client how many bytes were wrong.
package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			// The client counts the failure too; this line of the server's log helps to find the cause.
			if err := answer(connection); err != nil {
				fmt.Fprintln(os.Stderr, connection.RemoteAddr(), err)
			}
		}()
	}
}

func answer(connection net.Conn) error {
	g, err := readGreeting(connection)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(g.seed, 1))
	out := sender{connection: connection, stream: stream{seed: downward(g.seed)}, random: random}
	if g.mode == down {
		return sendAll(&out, g, random)
	}
	in := receiver{connection: connection, stream: stream{seed: upward(g.seed)}}
	var wrong int64
	for {
		size, differing, err := in.receive()
		if err != nil {
			return err
		}
		wrong += differing
		if size == 0 {
			return writeVerdict(connection, wrong)
		}
		if g.mode == turns || g.mode == duplex {
			if err := out.send(size); err != nil {
				return err
			}
		}
	}
}

func sendAll(out *sender, g greeting, random *rand.Rand) error {
	for range g.messages {
		if err := out.send(randomSize(random, int(g.largest))); err != nil {
			return err
		}
	}
	return out.send(0)
}

// randomSize returns a random size, with all orders of magnitude equally likely.
func randomSize(random *rand.Rand, largest int) int {
	limit := 1
	for limit < largest && random.IntN(8) != 0 {
		limit *= 2
	}
	return 1 + random.IntN(min(limit, largest))
}
