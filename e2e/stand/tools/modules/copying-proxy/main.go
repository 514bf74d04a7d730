// Copying-proxy is the usual simple TCP proxy in Go: io.Copy in both directions, for which the runtime uses splice(2)
// between sockets.
//
//	copying-proxy listen:port target:port
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("reading the command line: expected an address to listen on and one to connect to"))
	}
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
	defer client.Close()
	connection, err := net.Dial("tcp", target)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	server := connection.(*net.TCPConn)
	defer server.Close()
	sent := make(chan struct{})
	go func() {
		copyAll(server, client)
		close(sent)
	}()
	copyAll(client, server)
	<-sent
}

// copyAll copies until the end of the source and then closes the target for writing; an error ends both directions.
func copyAll(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		fmt.Fprintln(os.Stderr, err)
		to.Close()
		from.Close()
		return
	}
	to.CloseWrite()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
