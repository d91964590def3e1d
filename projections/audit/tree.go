package audit

import (
	"crypto/sha256"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is a Merkle tree (RFC 6962, section 2.1) as far as it must be known to grow: its size, and the roots of the complete subtrees that it consists of, the largest first. There are as many as
// the size has bits that are set. The zero Tree is empty.
type Tree struct {
	size     int64
	frontier []tlog.Hash
}

// Size is how many leaves the tree has.
func (t *Tree) Size() int64 { return t.size }

// Append adds a leaf. Complete, if it is not nil, is told each subtree of at least two leaves that this completes: those of 2^level leaves are counted from 0.
func (t *Tree) Append(leaf tlog.Hash, complete func(level int, n int64, root tlog.Hash)) {
	root, n := leaf, t.size
	for level := 1; n&1 == 1; level++ {
		last := len(t.frontier) - 1
		root = tlog.NodeHash(t.frontier[last], root)
		t.frontier = t.frontier[:last]
		if n >>= 1; complete != nil {
			complete(level, n, root)
		}
	}
	t.frontier = append(t.frontier, root)
	t.size++
}

// Root is the hash of the whole tree.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.frontier) - 1
	root := t.frontier[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.frontier[i], root)
	}
	return root
}

// encodeFrontier is the frontier as it is stored, one hash after the other.
func (t *Tree) encodeFrontier() []byte { return concat(t.frontier) }

func concat(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// decodeTree reads a tree as it is stored.
func decodeTree(size int64, frontier []byte) (Tree, error) {
	hashes, err := split(frontier)
	if err != nil || size < 0 || len(hashes) != bits.OnesCount64(uint64(size)) {
		return Tree{}, fmt.Errorf("a tree of %d leaves cannot consist of %d bytes of hashes", size, len(frontier))
	}
	return Tree{size: size, frontier: hashes}, nil
}

// split reads what concat wrote.
func split(b []byte) ([]tlog.Hash, error) {
	if len(b)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("%d bytes are no whole number of hashes", len(b))
	}
	hashes := make([]tlog.Hash, len(b)/tlog.HashSize)
	for i := range hashes {
		copy(hashes[i][:], b[i*tlog.HashSize:])
	}
	return hashes, nil
}
