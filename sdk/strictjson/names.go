package strictjson

import (
	"bytes"
	"hash/maphash"
)

var seed = maphash.MakeSeed() // unpredictable, so that names can't be chosen to collide

// nameSet knows the names of all objects of a text, but for the known members of structs. An open table: linear time
// however many names an object has.
type nameSet struct {
	first   [32]nameEntry
	entries []nameEntry // a power of two of them; nil: first is in use
	count   int
}

type nameEntry struct {
	object uint32 // 0: the entry is free
	begin  uint32 // in the text
}

func hashOf(object uint32, name []byte) uint32 {
	h := maphash.Bytes(seed, name) + uint64(object)*0x9e3779b97f4a7c15
	return uint32(h ^ h>>32)
}

// add tells whether the object did not have the name before.
func (n *nameSet) add(s *scanner, object, begin uint32, name []byte) bool {
	entries := n.entries
	if entries == nil {
		entries = n.first[:]
	}
	if n.count >= len(entries)/2+len(entries)/4 {
		entries = n.grown(s, entries)
	}
	mask := uint32(len(entries) - 1)
	for i := hashOf(object, name) & mask; ; i = (i + 1) & mask {
		switch known := entries[i]; {
		case known.object == 0:
			entries[i] = nameEntry{object: object, begin: begin}
			n.count++
			return true
		case known.object == object && bytes.Equal(s.nameAt(known.begin), name):
			return false
		}
	}
}

// grown moves the entries into a table of twice the size.
func (n *nameSet) grown(s *scanner, entries []nameEntry) []nameEntry {
	n.entries = make([]nameEntry, 2*len(entries))
	mask := uint32(len(n.entries) - 1)
	for _, e := range entries {
		if e.object == 0 {
			continue
		}
		i := hashOf(e.object, s.nameAt(e.begin)) & mask
		for n.entries[i].object != 0 {
			i = (i + 1) & mask
		}
		n.entries[i] = e
	}
	return n.entries
}
