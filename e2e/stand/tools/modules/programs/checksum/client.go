// The client: moves bytes on many connections at the same time, until enough bytes have moved or the time is over.
package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// plan describes a run.
type plan struct {
	target      string
	mode        mode
	connections int
	bytes       int64
	messages    int
	largest     int
	seed        uint64
	until       time.Time
	stopped     <-chan struct{}
}

// outcome is the result of a run, as it is printed.
type outcome struct {
	Bytes       int64  `json:"bytes"`
	WrongBytes  int64  `json:"wrongBytes"`
	Connections int64  `json:"connections"`
	Errors      int64  `json:"errors"`
	FirstError  string `json:"firstError,omitempty"`
}

// tally adds up what the workers see.
type tally struct {
	plan                              plan
	bytes, wrong, connections, errors atomic.Int64
	first                             sync.Once
	firstError                        string
}

func run(p plan) outcome {
	t := &tally{plan: p}
	var workers sync.WaitGroup
	for worker := range p.connections {
		workers.Go(func() { t.work(worker) })
	}
	workers.Wait()
	return outcome{t.bytes.Load(), t.wrong.Load(), t.connections.Load(), t.errors.Load(), t.firstError}
}

func (t *tally) over() bool {
	select {
	case <-t.plan.stopped:
		return true
	default:
		return t.bytes.Load() >= t.plan.bytes || time.Now().After(t.plan.until)
	}
}

// work opens one connection after the other. After a failure it waits a moment, so that it does not flood a server that is away.
func (t *tally) work(worker int) {
	random := rand.New(rand.NewPCG(t.plan.seed, uint64(worker)))
	for !t.over() {
		t.connections.Add(1)
		if err := t.converse(random); err != nil {
			t.errors.Add(1)
			t.first.Do(func() { t.firstError = err.Error() })
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func (t *tally) converse(random *rand.Rand) error {
	connection, err := net.DialTimeout("tcp", t.plan.target, patience)
	if err != nil {
		return err
	}
	defer connection.Close()
	g := greeting{mode: t.plan.mode, seed: random.Uint64(), messages: uint32(1 + random.IntN(2*t.plan.messages)), largest: uint32(t.plan.largest)}
	if err := g.write(connection); err != nil {
		return err
	}
	in := receiver{connection: connection, stream: stream{seed: downward(g.seed)}}
	if g.mode == down {
		return t.take(&in)
	}
	out := sender{connection: connection, stream: stream{seed: upward(g.seed)}, random: random}
	if g.mode == duplex {
		err = t.both(&out, &in, g)
	} else {
		err = t.send(&out, &in, g)
	}
	if err != nil {
		return err
	}
	wrong, err := readVerdict(connection)
	t.wrong.Add(wrong)
	return err
}

// send sends all messages and, in turns, waits for the answer of each.
func (t *tally) send(out *sender, in *receiver, g greeting) error {
	for sent := uint32(0); sent < g.messages && !t.over(); sent++ {
		size := randomSize(out.random, t.plan.largest)
		if err := out.send(size); err != nil {
			return err
		}
		t.bytes.Add(int64(size))
		if g.mode == turns {
			if err := t.expect(in, size); err != nil {
				return err
			}
		}
	}
	return out.send(0)
}

// both sends without waiting for answers, which it reads at the same time.
func (t *tally) both(out *sender, in *receiver, g greeting) error {
	sizes := make(chan int, g.messages)
	answers := make(chan error, 1)
	go func() {
		for size := range sizes {
			if err := t.expect(in, size); err != nil {
				answers <- err
				return
			}
		}
		answers <- nil
	}()
	failure := func() error {
		defer close(sizes)
		for sent := uint32(0); sent < g.messages && !t.over(); sent++ {
			size := randomSize(out.random, t.plan.largest)
			if err := out.send(size); err != nil {
				return err
			}
			t.bytes.Add(int64(size))
			sizes <- size
		}
		return out.send(0)
	}()
	if failure != nil {
		out.connection.Close()
	}
	if err := <-answers; err != nil && failure == nil {
		return err
	}
	return failure
}

func (t *tally) expect(in *receiver, size int) error {
	arrived, wrong, err := in.receive()
	t.wrong.Add(wrong)
	t.bytes.Add(int64(arrived))
	if err == nil && arrived != size {
		return fmt.Errorf("an answer of %d bytes arrived where %d were due", arrived, size)
	}
	return err
}

// take receives until the server has sent everything.
func (t *tally) take(in *receiver) error {
	for {
		size, wrong, err := in.receive()
		t.wrong.Add(wrong)
		t.bytes.Add(int64(size))
		if err != nil || size == 0 {
			return err
		}
	}
}
