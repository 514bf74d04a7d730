// Messages on the wire: four bytes of length, then as many bytes of the stream; length 0 ends the direction.
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

const (
	largestMessage = 8 << 20
	// A connection on which no byte moves for this long counts as hanging.
	patience = 30 * time.Second
)

// sender writes messages in one direction.
type sender struct {
	connection net.Conn
	stream     stream
	random     *rand.Rand
	buffer     []byte
}

// send writes one message, sometimes in pieces, so that a receiver cannot rely on message boundaries.
func (s *sender) send(size int) error {
	s.buffer = append(s.buffer[:0], make([]byte, 4+size)...)
	binary.BigEndian.PutUint32(s.buffer, uint32(size))
	s.stream.fill(s.buffer[4:])
	for rest := s.buffer; len(rest) > 0; {
		piece := len(rest)
		if s.random.IntN(4) == 0 {
			piece = 1 + s.random.IntN(len(rest))
		}
		if err := s.connection.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if _, err := s.connection.Write(rest[:piece]); err != nil {
			return err
		}
		rest = rest[piece:]
	}
	return nil
}

// receiver reads and checks messages of one direction.
type receiver struct {
	connection net.Conn
	stream     stream
	buffer     []byte
}

// receive reads one message. It returns the size, which is 0 at the end of the direction, and how many bytes were wrong.
func (r *receiver) receive() (size int, wrong int64, err error) {
	var header [4]byte
	if err = readFull(r.connection, header[:]); err != nil {
		return 0, 0, err
	}
	size = int(binary.BigEndian.Uint32(header[:]))
	if size > largestMessage {
		return 0, 4, fmt.Errorf("a length of %d arrived: not what was sent", size)
	}
	r.buffer = append(r.buffer[:0], make([]byte, size)...)
	if err = readFull(r.connection, r.buffer); err != nil {
		return 0, 0, err
	}
	return size, r.stream.wrong(r.buffer), nil
}

func readFull(connection net.Conn, buffer []byte) error {
	if err := connection.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := io.ReadFull(connection, buffer)
	return err
}
