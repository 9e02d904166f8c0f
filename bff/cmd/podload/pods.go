package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// pod is one that is open, and does nothing but read.
type pod struct {
	ws    *websocket.Conn
	green chan time.Time // when a frame showed a green shield, for the first time
}

// openPods opens one for each caller.
func openPods(ctx context.Context, public string, all []*caller) ([]*pod, error) {
	dial, host, err := address(public)
	if err != nil {
		return nil, err
	}
	dialer := &websocket.Dialer{
		HandshakeTimeout: answerTimeout, ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{},
	}
	pods := make([]*pod, len(all))
	var next atomic.Int64
	var group sync.WaitGroup
	const hands = 16
	errs := make(chan error, hands)
	for range hands {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(all) && ctx.Err() == nil; i = next.Add(1) - 1 {
				p, err := openPod(ctx, dialer, "ws://"+dial+"/api/v1/live", http.Header{"Origin": {public}, "Host": {host}}, all[i].token)
				if err != nil {
					errs <- fmt.Errorf("pod %d: %w", i, err)
					return
				}
				pods[i] = p
			}
		})
	}
	group.Wait()
	select {
	case err = <-errs:
	default:
		err = ctx.Err()
	}
	if err != nil {
		for _, p := range pods {
			if p != nil {
				p.close()
			}
		}
		return nil, err
	}
	return pods, nil
}

func openPod(ctx context.Context, d *websocket.Dialer, url string, head http.Header, token string) (*pod, error) {
	ws, res, err := d.DialContext(ctx, url, head)
	if res != nil {
		defer func() { _ = res.Body.Close() }()
	}
	if err != nil {
		if res != nil {
			err = fmt.Errorf("%w: %s", err, res.Status)
		}
		return nil, err
	}
	p := &pod{ws: ws, green: make(chan time.Time, 1)}
	hello := []byte(`{"type":"auth","token":"` + token + `"}`)
	if err := ws.WriteMessage(websocket.TextMessage, hello); err != nil {
		p.close()
		return nil, err
	}
	if _, _, err := ws.ReadMessage(); err != nil { // the snapshot
		p.close()
		return nil, err
	}
	go p.read()
	return p, nil
}

func (p *pod) read() {
	for {
		_, frame, err := p.ws.ReadMessage()
		if err != nil {
			return // closed, or the server is gone: the wait for green reports it
		}
		if bytes.Contains(frame, []byte(`"state":"verified"`)) {
			select {
			case p.green <- time.Now():
			default:
			}
		}
	}
}

func (p *pod) close() { _ = p.ws.Close() } // the server notices
