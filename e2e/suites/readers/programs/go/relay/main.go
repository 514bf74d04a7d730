// Relay is a TCP proxy that first passes bytes on by reading and writing, and later leaves its connections to io.Copy, which the runtime turns
// into splice(2) between sockets. SIGUSR1 makes it change over, for all its connections.
//
//	relay listen:port target:port
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

var copies atomic.Bool

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("reading the command line: expected an address to listen on and one to connect to"))
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		<-signals
		copies.Store(true)
	}()
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fail(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go relay(client.(*net.TCPConn), os.Args[2])
	}
}

func relay(client *net.TCPConn, target string) {
	connection, err := net.Dial("tcp", target)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		client.Close()
		return
	}
	server := connection.(*net.TCPConn)
	go pass(server, client)
	pass(client, server)
}

// pass copies from one connection to the other, and ends both when one of them has ended.
func pass(to, from *net.TCPConn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for !copies.Load() {
		count, err := from.Read(buffer)
		if count > 0 {
			if _, err := to.Write(buffer[:count]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
	if _, err := io.Copy(to, from); err != nil && !errors.Is(err, net.ErrClosed) {
		fmt.Fprintln(os.Stderr, err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
