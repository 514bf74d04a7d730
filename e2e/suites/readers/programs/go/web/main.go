// Web is a server on net/http. It answers a request with the checksum of its body and as many known bytes as the query's `down` says, after as
// many milliseconds as `busy` says.
//
//	web port
package main

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

var table = make([]byte, 1<<16)

func main() {
	for i := range table {
		table[i] = byte(i*31 + (i>>8)*7)
	}
	if err := http.ListenAndServe(":"+os.Args[1], http.HandlerFunc(answer)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(to http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	down, _ := strconv.Atoi(query.Get("down"))
	if busy, _ := strconv.Atoi(query.Get("busy")); busy > 0 {
		time.Sleep(time.Duration(busy) * time.Millisecond)
	}
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, request.Body); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	to.Header().Set("Content-Length", strconv.Itoa(4+down))
	to.Write(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
	for down > 0 {
		length := min(down, len(table))
		to.Write(table[:length])
		down -= length
	}
}
