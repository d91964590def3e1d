package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"iter"
	"runtime"

	"resultlog/core"
)

// Prepared is an event of which is known what can be known of it alone.
type Prepared struct {
	Entry    core.Entry
	Recorded core.Recorded
	Err      error // why it could not be decoded; then Recorded is not there
	Leaf     core.Digest
	Wrong    []Finding // only kind and message
}

// Prepare decodes an event, and takes its leaf. Slim is its slim encoding, if it is known to be there.
func Prepare(e core.Entry, slim []byte) Prepared { return prepare(e, e.Leaf(), slim) }

// PrepareExported is Prepare of an event whose leaf has been compared with it already (core.ParseEntry).
func PrepareExported(e core.Entry, leaf core.Digest) Prepared { return prepare(e, leaf, nil) }

func prepare(e core.Entry, leaf core.Digest, slim []byte) Prepared {
	p := Prepared{Entry: e, Leaf: leaf}
	if p.Recorded, p.Err = e.Recorded(); p.Err != nil {
		return p
	}
	if submitted, ok := p.Recorded.Event.(core.ResultSubmitted); ok && e.Personal != nil && sha256.Sum256(e.Personal) != submitted.Personal.SHA256 {
		p.Wrong = append(p.Wrong, Finding{Kind: KindPersonal, Message: "its personal part is not the one that was recorded: its digest is another"})
	}
	if len(slim) > 0 && slim[0] == core.SlimVersion && !bytes.Equal(slim, core.EncodeSlim(p.Recorded)) {
		p.Wrong = append(p.Wrong, Finding{Kind: KindSlim, Message: "its slim encoding is not that of its data: a node that replays it would take it for another event"})
	}
	return p
}

const (
	// preparedAtOnce is how many events one worker prepares before it hands them on: enough that handing on costs nothing.
	preparedAtOnce = 512

	// preparedAhead is how many such portions wait, for each worker, while the events before them are judged.
	preparedAhead = 2
)

// InOrder applies f to all that a sequence yields, on all processors, and yields what it gives in the order of the sequence. An error of the sequence ends it, after what came before. It reads
// ahead no more than a few thousand.
func InOrder[T, U any](ctx context.Context, sequence iter.Seq2[T, error], f func(T) U) iter.Seq2[*U, error] {
	type portion struct {
		done chan struct{}
		in   []T
		out  []U
		err  error
	}
	return func(yield func(*U, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		workers := runtime.GOMAXPROCS(0)
		work, ordered := make(chan *portion), make(chan *portion, preparedAhead*workers)
		for range workers {
			go func() {
				for p := range work {
					p.out = make([]U, len(p.in))
					for i := range p.in {
						p.out[i] = f(p.in[i])
					}
					close(p.done)
				}
			}()
		}
		read := make(chan struct{})
		defer func() { cancel(); <-read }()
		go func() {
			defer close(read)
			defer close(work)
			defer close(ordered)
			hand := func(p *portion) bool {
				select {
				case ordered <- p:
				case <-ctx.Done():
					return false
				}
				work <- p // a worker takes it, whatever happens
				return true
			}
			p := &portion{done: make(chan struct{})}
			for v, err := range sequence {
				if err != nil {
					p.err = err
					break
				}
				if p.in = append(p.in, v); len(p.in) == preparedAtOnce {
					if !hand(p) {
						return
					}
					p = &portion{done: make(chan struct{})}
				}
			}
			hand(p)
		}()
		for p := range ordered {
			<-p.done
			for i := range p.out {
				if !yield(&p.out[i], nil) {
					return
				}
			}
			if p.err != nil {
				yield(nil, p.err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}
