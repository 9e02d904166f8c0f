package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	mailWorkers    = 4
	receiptWorkers = 16
	mailBatch      = 100 // events that go out in one request, as SendGrid does
	hookTime       = 10 * time.Second
	hookTries      = 7 // the pauses between them double from a second
)

// mailEvent is one event of SendGrid's webhook on its way.
type mailEvent struct {
	tenant string // whose webhook it goes to
	fields map[string]any
	forged bool
	tries  int
}

// receipt is one delivery receipt of Vonage's or Twilio's on its way.
type receipt struct {
	carrier string
	to      string
	fields  map[string]string
	forged  bool
	tries   int
}

// postman brings webhooks to the BFF, later and again if need be.
type postman struct {
	ctx      context.Context
	cancel   context.CancelFunc
	mail     chan mailEvent
	receipts chan receipt
	workers  sync.WaitGroup
	client   *http.Client
}

func newPostman(mail func([]mailEvent) error, sms func(receipt) error) *postman {
	ctx, cancel := context.WithCancel(context.Background())
	p := &postman{
		ctx: ctx, cancel: cancel, mail: make(chan mailEvent, mailBatch), receipts: make(chan receipt),
		client: &http.Client{
			Timeout:   hookTime,
			Transport: &http.Transport{MaxIdleConnsPerHost: mailWorkers + receiptWorkers},
		},
	}
	for range mailWorkers {
		p.workers.Go(func() { p.carryMail(mail) })
	}
	for range receiptWorkers {
		p.workers.Go(func() { p.carryReceipts(sms) })
	}
	return p
}

func (p *postman) close() {
	p.cancel()
	p.workers.Wait()
	p.client.CloseIdleConnections()
}

// mailLater and receiptLater give a webhook to the workers when its time has come.
func (p *postman) mailLater(d time.Duration, e mailEvent) {
	time.AfterFunc(d, func() {
		select {
		case p.mail <- e:
		case <-p.ctx.Done():
		}
	})
}

func (p *postman) receiptLater(d time.Duration, r receipt) {
	time.AfterFunc(d, func() {
		select {
		case p.receipts <- r:
		case <-p.ctx.Done():
		}
	})
}

func (p *postman) carryMail(deliver func([]mailEvent) error) {
	for {
		select {
		case <-p.ctx.Done():
			return
		case first := <-p.mail:
			batch := p.gather(first)
			if deliver(batch) == nil {
				continue
			}
			for _, e := range batch {
				if e.tries++; e.tries < hookTries {
					p.mailLater(again(e.tries), e)
				}
			}
		}
	}
}

// gather adds what else is waiting for the same tenant. Forged events travel alone: their signature is another.
func (p *postman) gather(first mailEvent) []mailEvent {
	batch := []mailEvent{first}
	for !first.forged && len(batch) < mailBatch {
		select {
		case e := <-p.mail:
			if e.forged || e.tenant != first.tenant {
				p.mailLater(0, e)
				return batch
			}
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

func (p *postman) carryReceipts(deliver func(receipt) error) {
	for {
		select {
		case <-p.ctx.Done():
			return
		case r := <-p.receipts:
			if deliver(r) == nil {
				continue
			}
			if r.tries++; r.tries < hookTries {
				p.receiptLater(again(r.tries), r)
			}
		}
	}
}

func again(tries int) time.Duration { return time.Second << (tries - 1) }

var errTryAgain = errors.New("the webhook was not taken")

// bring makes the request. Carriers come again after 429, 5xx and silence, and take any other no for a no.
func (p *postman) bring(r *http.Request) error {
	answer, err := p.client.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errTryAgain, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)); err != nil {
		return fmt.Errorf("%w: %w", errTryAgain, err)
	}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= http.StatusInternalServerError {
		return errTryAgain
	}
	return nil
}

// reference draws an id as carriers give them to messages and events.
func reference() string {
	var raw [8]byte
	rand.Read(raw[:]) //nolint:errcheck // never fails
	return hex.EncodeToString(raw[:])
}
