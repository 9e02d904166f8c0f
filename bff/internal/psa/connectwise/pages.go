package connectwise

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// pages asks page by page, until take has enough or there are no more. An answer's Link says which page is next. Of the
// Link only the page's number (or id) is read: behind a proxy it may name another host, or none. Every page is asked of
// the address, and with the conditions, of the first.
func pages[T any](ctx context.Context, c *Client, l *link, r request, take func([]T) bool) error {
	for range pagesMost {
		var page []T
		header, err := c.call(ctx, l, r, &page)
		if err != nil {
			return err
		}
		if !take(page) {
			return nil
		}
		turn, more, err := next(header)
		if err != nil {
			return down(err)
		}
		if !more {
			return nil
		}
		if !forward(r.query, turn) {
			return down(errors.New("connectwise: the next page is this one, or one before it"))
		}
		r.query = maps.Clone(r.query)
		maps.Copy(r.query, turn)
	}
	return nil
}

// forward tells whether a page comes after the one that was asked for.
func forward(asked, turn url.Values) bool {
	if id := turn.Get(pageID); id != "" {
		return id != asked.Get(pageID)
	}
	last, err := strconv.Atoi(asked.Get(pageNumber))
	if err != nil {
		last = 1
	}
	number, err := strconv.Atoi(turn.Get(pageNumber))
	return err == nil && number > last
}

// Parameters by which a page is asked for: by its number or, in forward-only paging, by an id.
const (
	pageNumber = "page"
	pageID     = "pageId"
)

// next reads which page the Link calls the next one; false if this is the last one.
func next(h http.Header) (turn url.Values, more bool, err error) {
	for _, line := range h.Values("Link") {
		for line != "" {
			var target, parameters string
			target, parameters, line = cutLink(line)
			if !isNext(parameters) {
				continue
			}
			turn, err := turnOf(target)
			return turn, err == nil, err
		}
	}
	return nil, false, nil
}

// cutLink gives the first link of a list (RFC 8288), its parameters, and the other links. A comma within the target or
// within quotes parts nothing.
func cutLink(line string) (target, parameters, others string) {
	line = strings.TrimLeft(line, " ,\t")
	if inner, ok := strings.CutPrefix(line, "<"); ok {
		target, line, _ = strings.Cut(inner, ">")
	}
	parameters, others = cutUnquoted(line, ',')
	return target, parameters, others
}

// cutUnquoted parts a text at the first separator that does not stand within quotes.
func cutUnquoted(text string, separator byte) (before, after string) {
	quoted := false
	for i := range len(text) {
		switch text[i] {
		case '"':
			quoted = !quoted
		case separator:
			if !quoted {
				return text[:i], text[i+1:]
			}
		}
	}
	return text, ""
}

// isNext tells whether the parameters of a link have the relation next, maybe among others.
func isNext(parameters string) bool {
	for parameters != "" {
		var p string
		p, parameters = cutUnquoted(parameters, ';')
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for relation := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"'`)) {
			if strings.EqualFold(relation, "next") {
				return true
			}
		}
	}
	return false
}

var errNextPage = errors.New("connectwise: the next page can't be read")

// turnOf reads the page of a target; nothing else of it counts.
func turnOf(target string) (url.Values, error) {
	at, err := url.Parse(strings.TrimSpace(target))
	if err != nil {
		return nil, errNextPage
	}
	query, err := url.ParseQuery(at.RawQuery)
	if err != nil {
		return nil, errNextPage
	}
	turn := url.Values{}
	for name, values := range query {
		for _, known := range []string{pageNumber, pageID} {
			if strings.EqualFold(name, known) && len(values) == 1 && values[0] != "" {
				turn.Set(known, values[0])
			}
		}
	}
	if len(turn) == 0 {
		return nil, errNextPage
	}
	return turn, nil
}
