package rest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxPages bounds a list.
const maxPages = 10

// Pages names the parameters of a query that select a page.
type Pages struct {
	Number string // counts pages from 1
	Cursor string // an id, in forward-only paging
}

// EachPage requests page by page with call, until take returns false, there are no more pages, or 10 pages are read.
// The Link header names the next page. Only its number or cursor is used: behind a proxy the link may name another host,
// or none. Every page is requested with the address and the query of the first. CodePSADown: the next page can't be
// read, or does not come after this one.
func EachPage[T any](c *Client, p Pages, query url.Values, call func(url.Values, *[]T) (http.Header, error), take func([]T) bool) error {
	for range maxPages {
		var page []T
		header, err := call(query, &page)
		if err != nil {
			return err
		}
		if !take(page) {
			return nil
		}
		following, more, err := p.next(header)
		if err != nil {
			return c.cfg.Product.Down(fmt.Errorf("%s: %w", c.cfg.Product.Name, err))
		}
		if !more {
			return nil
		}
		if !p.isLater(query, following) {
			return c.cfg.Product.Down(errors.New(c.cfg.Product.Name + ": the next page is this one, or one before it"))
		}
		query = maps.Clone(query)
		maps.Copy(query, following)
	}
	return nil
}

// isLater reports whether a page comes after the requested one.
func (p Pages) isLater(asked, page url.Values) bool {
	if id := page.Get(p.Cursor); id != "" {
		return id != asked.Get(p.Cursor)
	}
	last, err := strconv.Atoi(asked.Get(p.Number))
	if err != nil {
		last = 1
	}
	number, err := strconv.Atoi(page.Get(p.Number))
	return err == nil && number > last
}

// next reads the next page from the Link header; false if this is the last one.
func (p Pages) next(h http.Header) (page url.Values, more bool, err error) {
	for _, line := range h.Values("Link") {
		for line != "" {
			var target, parameters string
			target, parameters, line = cutLink(line)
			if !isNext(parameters) {
				continue
			}
			page, err := p.of(target)
			return page, err == nil, err
		}
	}
	return nil, false, nil
}

// cutLink gives the first link of a list (RFC 8288), its parameters, and the other links. A comma inside the target or
// inside quotes is no separator.
func cutLink(line string) (target, parameters, others string) {
	line = strings.TrimLeft(line, " ,\t")
	if inner, ok := strings.CutPrefix(line, "<"); ok {
		target, line, _ = strings.Cut(inner, ">")
	}
	parameters, others = cutUnquoted(line, ',')
	return target, parameters, others
}

// cutUnquoted cuts a text at the first separator outside quotes.
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

// isNext reports whether a link's relations include next.
func isNext(parameters string) bool {
	for parameters != "" {
		var one string
		one, parameters = cutUnquoted(parameters, ';')
		name, value, _ := strings.Cut(one, "=")
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

var errNextPage = errors.New("the next page can't be read")

// of reads the page of a link's target. The rest of the target is ignored.
func (p Pages) of(target string) (url.Values, error) {
	at, err := url.Parse(strings.TrimSpace(target))
	if err != nil {
		return nil, errNextPage
	}
	query, err := url.ParseQuery(at.RawQuery)
	if err != nil {
		return nil, errNextPage
	}
	page := url.Values{}
	for name, values := range query {
		for _, known := range []string{p.Number, p.Cursor} {
			if strings.EqualFold(name, known) && len(values) == 1 && values[0] != "" {
				page.Set(known, values[0])
			}
		}
	}
	if len(page) == 0 {
		return nil, errNextPage
	}
	return page, nil
}
