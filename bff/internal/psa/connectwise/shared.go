package connectwise

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"golang.org/x/sync/singleflight"
)

// digest gives an HMAC over the parts, each with its length. Its key lives as long as the process.
func (c *Client) digest(parts ...string) (m digest) {
	h := hmac.New(sha256.New, c.digestKey[:])
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write([]byte(p))
	}
	h.Sum(m[:0])
	return m
}

// sharedTimeout bounds a shared request: longer than any caller waits.
const sharedTimeout = 30 * time.Second

// shared makes one request for all concurrent callers with the same key. It continues when one of them leaves.
func shared[V any](ctx context.Context, requests *singleflight.Group, key digest, do func(context.Context) (V, error)) (V, error) {
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
