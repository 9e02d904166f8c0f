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

// eachPage requests page by page, until take returns false or there are no more pages. The Link header names the next
// page. Only its number or id is used: behind a proxy the Link may name another host, or none. Every page is requested
// with the address and conditions of the first.
func eachPage[T any](ctx context.Context, c *Client, conn *connection, r request, take func([]T) bool) error {
	for range maxPages {
		var page []T
		header, err := c.call(ctx, conn, r, &page)
		if err != nil {
			return err
		}
		if !take(page) {
			return nil
		}
		following, more, err := nextPage(header)
		if err != nil {
			return psaDown(err)
		}
		if !more {
			return nil
		}
		if !isLater(r.query, following) {
			return psaDown(errors.New("connectwise: the next page is this one, or one before it"))
		}
		r.query = maps.Clone(r.query)
		maps.Copy(r.query, following)
	}
	return nil
}

// isLater reports whether a page comes after the requested one.
func isLater(asked, page url.Values) bool {
	if id := page.Get(pageID); id != "" {
		return id != asked.Get(pageID)
	}
	last, err := strconv.Atoi(asked.Get(pageNumber))
	if err != nil {
		last = 1
	}
	number, err := strconv.Atoi(page.Get(pageNumber))
	return err == nil && number > last
}

// Parameters of a page: its number or, in forward-only paging, an id.
const (
	pageNumber = "page"
	pageID     = "pageId"
)

// nextPage reads the next page from the Link header; false if this is the last one.
func nextPage(h http.Header) (page url.Values, more bool, err error) {
	for _, line := range h.Values("Link") {
		for line != "" {
			var target, parameters string
			target, parameters, line = cutLink(line)
			if !isNext(parameters) {
				continue
			}
			page, err := pageOf(target)
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

// pageOf reads the page of a link's target. The rest of the target is ignored.
func pageOf(target string) (url.Values, error) {
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
		for _, known := range []string{pageNumber, pageID} {
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
