package carriers

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
	mailBatch      = 100 // events per request, as SendGrid sends them
	hookTimeout    = 10 * time.Second
	maxHookTries   = 7 // the delay between them starts at a second and doubles
)

// mailEvent is a pending event of SendGrid's webhook.
type mailEvent struct {
	tenant string // owner of the webhook
	fields map[string]any
	forged bool
	tries  int
}

// receipt is a pending delivery receipt of Vonage or Twilio.
type receipt struct {
	carrier string
	to      string
	fields  map[string]string
	forged  bool
	tries   int
}

// webhookSender sends webhooks after a delay, and again after a failure.
type webhookSender struct {
	ctx      context.Context
	cancel   context.CancelFunc
	mail     chan mailEvent
	receipts chan receipt
	workers  sync.WaitGroup
	client   *http.Client
}

func newWebhookSender(mail func([]mailEvent) error, sms func(receipt) error) *webhookSender {
	ctx, cancel := context.WithCancel(context.Background())
	p := &webhookSender{
		ctx: ctx, cancel: cancel, mail: make(chan mailEvent, mailBatch), receipts: make(chan receipt),
		client: &http.Client{
			Timeout:   hookTimeout,
			Transport: &http.Transport{MaxIdleConnsPerHost: mailWorkers + receiptWorkers},
		},
	}
	for range mailWorkers {
		p.workers.Go(func() { p.sendMail(mail) })
	}
	for range receiptWorkers {
		p.workers.Go(func() { p.sendReceipts(sms) })
	}
	return p
}

func (p *webhookSender) close() {
	p.cancel()
	p.workers.Wait()
	p.client.CloseIdleConnections()
}

// sendMailLater and sendReceiptLater pass a webhook to the workers after a delay.
func (p *webhookSender) sendMailLater(d time.Duration, e mailEvent) {
	time.AfterFunc(d, func() {
		select {
		case p.mail <- e:
		case <-p.ctx.Done():
		}
	})
}

func (p *webhookSender) sendReceiptLater(d time.Duration, r receipt) {
	time.AfterFunc(d, func() {
		select {
		case p.receipts <- r:
		case <-p.ctx.Done():
		}
	})
}

func (p *webhookSender) sendMail(deliver func([]mailEvent) error) {
	for {
		select {
		case <-p.ctx.Done():
			return
		case first := <-p.mail:
			batch := p.collectBatch(first)
			if deliver(batch) == nil {
				continue
			}
			for _, e := range batch {
				if e.tries++; e.tries < maxHookTries {
					p.sendMailLater(retryDelay(e.tries), e)
				}
			}
		}
	}
}

// collectBatch adds pending events of the same tenant. Forged events are sent alone: their signature differs.
func (p *webhookSender) collectBatch(first mailEvent) []mailEvent {
	batch := []mailEvent{first}
	for !first.forged && len(batch) < mailBatch {
		select {
		case e := <-p.mail:
			if e.forged || e.tenant != first.tenant {
				p.sendMailLater(0, e)
				return batch
			}
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

func (p *webhookSender) sendReceipts(deliver func(receipt) error) {
	for {
		select {
		case <-p.ctx.Done():
			return
		case r := <-p.receipts:
			if deliver(r) == nil {
				continue
			}
			if r.tries++; r.tries < maxHookTries {
				p.sendReceiptLater(retryDelay(r.tries), r)
			}
		}
	}
}

func retryDelay(tries int) time.Duration { return time.Second << (tries - 1) }

var errRetry = errors.New("the webhook was not taken")

// send makes the request. As carriers do, it repeats a request after 429, 5xx and time-outs only.
func (p *webhookSender) send(r *http.Request) error {
	answer, err := p.client.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errRetry, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)); err != nil {
		return fmt.Errorf("%w: %w", errRetry, err)
	}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= http.StatusInternalServerError {
		return errRetry
	}
	return nil
}

// newReference gives a random id, as carriers assign to messages and events.
func newReference() string {
	var raw [8]byte
	rand.Read(raw[:]) //nolint:errcheck // never fails
	return hex.EncodeToString(raw[:])
}
