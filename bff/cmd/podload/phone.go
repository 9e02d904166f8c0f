package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// phone reads what the sandbox's phones and mailboxes got.
type phone struct {
	ctx  context.Context
	line *line
}

// message is what it tells of one, as far as it matters here.
type message struct {
	ID   string `json:"id"` // counts all that ever arrived
	To   string `json:"to"`
	Link string `json:"link"`
	Code string `json:"code"`
}

func newPhone(ctx context.Context, base string) (*phone, error) {
	line, err := open(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("--phone: %w", err)
	}
	p := &phone{ctx: ctx, line: line}
	if _, err := p.arrived(); err != nil { // at once: a connection that asks nothing is not kept
		p.close()
		return nil, fmt.Errorf("--phone: %w", err)
	}
	return p, nil
}

func (p *phone) close() { p.line.close() }

func (p *phone) newest(n int) ([]message, error) {
	answer, err := p.line.want(http.StatusOK, "GET", "/api/messages?brief=1&limit="+strconv.Itoa(n), "", nil)
	if err != nil {
		return nil, err
	}
	var list []message
	return list, json.Unmarshal(answer, &list)
}

// arrived counts the messages that ever came.
func (p *phone) arrived() (int, error) {
	list, err := p.newest(1)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return strconv.Atoi(list[0].ID)
}

// await waits until n more have come since the mark.
func (p *phone) await(mark, n int, limit time.Duration) error {
	late := time.NewTimer(limit)
	defer late.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		have, err := p.arrived()
		if err != nil || have >= mark+n {
			return err
		}
		select {
		case <-again.C:
		case <-late.C:
			return fmt.Errorf("%d of %d messages reached the phone in %s", have-mark, n, limit)
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
	}
}

// read hands the callers the codes that came since the mark.
func (p *phone) read(mark int, all []*caller) error {
	have, err := p.arrived()
	if err != nil {
		return err
	}
	list, err := p.newest(max(1, have-mark))
	if err != nil {
		return err
	}
	by := make(map[string]*caller, len(all))
	for _, c := range all {
		by[strings.TrimPrefix(c.number, "+")] = c
	}
	for _, m := range list {
		if c := by[strings.TrimPrefix(m.To, "+")]; c != nil {
			c.code = m.Code
		}
	}
	return nil
}

// wait waits for the link that was sent to a caller.
func (p *phone) wait(ctx context.Context, c *caller) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		var list []message
		answer, err := p.line.want(http.StatusOK, "GET", "/api/messages?brief=1&limit=1&to="+url.QueryEscape(c.number), "", nil)
		if err == nil {
			err = json.Unmarshal(answer, &list)
		}
		if err != nil {
			return err
		}
		if len(list) > 0 && list[0].Link != "" {
			u, err := url.Parse(list[0].Link)
			if err == nil {
				c.link = u.Path
			}
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.New("a link did not reach the phone")
		}
	}
}
