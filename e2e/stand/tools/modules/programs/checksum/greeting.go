// The first bytes of a connection tell the server what will happen on it; the last ones tell the client what the server saw.
package main

import (
	"encoding/binary"
	"fmt"
	"net"
)

type mode byte

const (
	// turns: the server answers each message with one of the same size, for which the client waits.
	turns mode = iota
	// duplex: the server answers each message too, but the client does not wait for the answer.
	duplex
	// up: only the client sends.
	up
	// down: only the server sends.
	down
)

var modes = map[string]mode{"turns": turns, "duplex": duplex, "up": up, "down": down}

const magic = 0xacce1e8a

// greeting is what the client sends first.
type greeting struct {
	mode     mode
	seed     uint64
	messages uint32
	largest  uint32
}

func (g greeting) write(connection net.Conn) error {
	var bytes [24]byte
	binary.BigEndian.PutUint32(bytes[0:], magic)
	bytes[4] = byte(g.mode)
	binary.BigEndian.PutUint64(bytes[8:], g.seed)
	binary.BigEndian.PutUint32(bytes[16:], g.messages)
	binary.BigEndian.PutUint32(bytes[20:], g.largest)
	_, err := connection.Write(bytes[:])
	return err
}

func readGreeting(connection net.Conn) (greeting, error) {
	var bytes [24]byte
	if err := readFull(connection, bytes[:]); err != nil {
		return greeting{}, err
	}
	g := greeting{
		mode:     mode(bytes[4]),
		seed:     binary.BigEndian.Uint64(bytes[8:]),
		messages: binary.BigEndian.Uint32(bytes[16:]),
		largest:  binary.BigEndian.Uint32(bytes[20:]),
	}
	if binary.BigEndian.Uint32(bytes[0:]) != magic || g.mode > down || g.largest < 1 || g.largest > largestMessage {
		return g, fmt.Errorf("a greeting arrived that is none")
	}
	return g, nil
}

// verdict is what the server sends last: how many of the bytes that it received were wrong.
func writeVerdict(connection net.Conn, wrong int64) error {
	var bytes [8]byte
	binary.BigEndian.PutUint64(bytes[:], uint64(wrong))
	_, err := connection.Write(bytes[:])
	return err
}

func readVerdict(connection net.Conn) (int64, error) {
	var bytes [8]byte
	if err := readFull(connection, bytes[:]); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(bytes[:])), nil
}

// upward and downward are the seeds of a connection's two directions.
func upward(seed uint64) uint64   { return mix(seed + 1) }
func downward(seed uint64) uint64 { return mix(seed + 2) }
