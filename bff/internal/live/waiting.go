package live

import (
	"container/list"
	"net/netip"

	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
)

// Limits bound connections. A zero stands for no limit.
type Limits struct {
	WaitingPerAddress int // whose first frame has not come, from one address (of IPv6: one /64)
	Waiting           int // whose first frame has not come, in all
	PerSession        int // of one pod session
}

// waiting are the connections whose first frame has not come, oldest first. When there are too many the oldest one goes and not
// the newest: a pod authenticates at once, so that the oldest is the least likely to be one. The hub's lock guards it.
type waiting struct {
	all       list.List
	byAddress map[netip.Addr]*list.List
}

// waiter is a connection's place among the waiting.
type waiter struct {
	inAll, ofAddress *list.Element
}

// add takes a connection in, and gives one that has to go for it, if the limits say so.
func (w *waiting) add(c *conn, limits Limits) (evicted *conn) {
	key := ratelimit.Key(c.address)
	mine := w.byAddress[key]
	switch {
	case limits.WaitingPerAddress > 0 && mine != nil && mine.Len() >= limits.WaitingPerAddress:
		evicted = mine.Front().Value.(*conn)
	case limits.Waiting > 0 && w.all.Len() >= limits.Waiting:
		evicted = w.all.Front().Value.(*conn)
	}
	if evicted != nil {
		w.remove(evicted)
		mine = w.byAddress[key]
	}
	if mine == nil {
		mine = list.New()
		if w.byAddress == nil {
			w.byAddress = map[netip.Addr]*list.List{}
		}
		w.byAddress[key] = mine
	}
	c.waiter = &waiter{inAll: w.all.PushBack(c), ofAddress: mine.PushBack(c)}
	return evicted
}

// remove lets go of a connection, whether or not it waits.
func (w *waiting) remove(c *conn) {
	if c.waiter == nil {
		return
	}
	w.all.Remove(c.waiter.inAll)
	key := ratelimit.Key(c.address)
	mine := w.byAddress[key]
	mine.Remove(c.waiter.ofAddress)
	if mine.Len() == 0 {
		delete(w.byAddress, key)
	}
	c.waiter = nil
}
