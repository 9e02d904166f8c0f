package live

import (
	"container/list"
	"net/netip"

	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
)

// Limits bounds the number of connections. Zero: no limit.
type Limits struct {
	WaitingPerAddress int // without a first frame, from one address (IPv6: one /64)
	Waiting           int // without a first frame, in total
	PerSession        int // of one pod session
}

// waiting holds the connections without a first frame, oldest first. Above the limits the oldest one is evicted, because a
// pod authenticates at once and the oldest connection is the least likely to be a pod. The hub's lock guards it.
type waiting struct {
	all       list.List
	byAddress map[netip.Addr]*list.List
}

// waitingEntry is the position of a connection in waiting.
type waitingEntry struct {
	inAll, ofAddress *list.Element
}

// add adds a connection and returns the connection that it evicts, if any.
func (w *waiting) add(c *conn, limits Limits) (evicted *conn) {
	key := ratelimit.Key(c.address)
	sameAddress := w.byAddress[key]
	switch {
	case limits.WaitingPerAddress > 0 && sameAddress != nil && sameAddress.Len() >= limits.WaitingPerAddress:
		evicted = sameAddress.Front().Value.(*conn)
	case limits.Waiting > 0 && w.all.Len() >= limits.Waiting:
		evicted = w.all.Front().Value.(*conn)
	}
	if evicted != nil {
		w.remove(evicted)
		sameAddress = w.byAddress[key]
	}
	if sameAddress == nil {
		sameAddress = list.New()
		if w.byAddress == nil {
			w.byAddress = map[netip.Addr]*list.List{}
		}
		w.byAddress[key] = sameAddress
	}
	c.waiting = &waitingEntry{inAll: w.all.PushBack(c), ofAddress: sameAddress.PushBack(c)}
	return evicted
}

// remove removes a connection. It does nothing for one that does not wait.
func (w *waiting) remove(c *conn) {
	if c.waiting == nil {
		return
	}
	w.all.Remove(c.waiting.inAll)
	key := ratelimit.Key(c.address)
	sameAddress := w.byAddress[key]
	sameAddress.Remove(c.waiting.ofAddress)
	if sameAddress.Len() == 0 {
		delete(w.byAddress, key)
	}
	c.waiting = nil
}
