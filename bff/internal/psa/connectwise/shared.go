package connectwise

import (
	"context"
	"crypto/sha256"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/shieldpod/shieldpod/bff/internal/digest"
)

// cacheKey identifies values that can't be recovered from it.
type cacheKey = [sha256.Size]byte

// digest gives the key of cached results. It differs in every process.
func (c *Client) digest(parts ...string) cacheKey { return digest.MAC(c.digestKey[:], parts...) }

// sharedTimeout bounds a shared request: longer than any caller waits.
const sharedTimeout = 30 * time.Second

// shared makes one request for all concurrent callers with the same key. It continues when one of them leaves.
func shared[V any](ctx context.Context, requests *singleflight.Group, key cacheKey, do func(context.Context) (V, error)) (V, error) {
	result := requests.DoChan(string(key[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sharedTimeout)
		defer cancel()
		return do(ctx)
	})
	select {
	case r := <-result:
		value, _ := r.Val.(V)
		return value, r.Err
	case <-ctx.Done():
		var none V
		return none, psaDown(ctx.Err())
	}
}
