// The bytes of a stream: every eight bytes are a hash of the stream's seed and of their position.
package main

import "encoding/binary"

// stream makes or checks the bytes of one direction of a connection.
type stream struct {
	seed     uint64
	position uint64
}

// fill writes the stream's next bytes.
func (s *stream) fill(buffer []byte) {
	for start := 0; start < len(buffer); {
		word, skip := s.word()
		n := copy(buffer[start:], word[skip:])
		start += n
		s.position += uint64(n)
	}
}

// wrong compares the buffer with the next bytes of the stream and returns how many differ.
func (s *stream) wrong(buffer []byte) int64 {
	var differing int64
	for start := 0; start < len(buffer); {
		word, skip := s.word()
		n := min(len(word)-skip, len(buffer)-start)
		for i := range n {
			if buffer[start+i] != word[skip+i] {
				differing++
			}
		}
		start += n
		s.position += uint64(n)
	}
	return differing
}

// word returns the group of eight bytes at the position, and how many of them are before the position.
func (s *stream) word() ([8]byte, int) {
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], mix(s.seed+s.position/8*0x9e3779b97f4a7c15))
	return word, int(s.position % 8)
}

// mix is the finaliser of splitmix64.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
