package connectwise

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// pages asks page by page, until take has enough or there are no more. Where the next page is, an answer's Link says;
// it is asked of the same address as the first, whatever else the Link says.
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
		query, more, err := next(header, l.api())
		if err != nil {
			return down(err)
		}
		if !more {
			return nil
		}
		all := maps.Clone(r.query) // what a Link leaves out stays
		maps.Copy(all, query)
		if all.Encode() == r.query.Encode() {
			return down(errors.New("connectwise: the next page is this one"))
		}
		r.query = all
	}
	return nil
}

// next reads the query of the link to the next page; false if this is the last one. One that leads to
// another host is no link of this API's.
func next(h http.Header, api url.URL) (url.Values, bool, error) {
	for _, line := range h.Values("Link") {
		for line != "" {
			target, rest, found := strings.Cut(strings.TrimLeft(line, " ,\t"), ">")
			if !found || !strings.HasPrefix(target, "<") {
				break
			}
			parameters, others, _ := strings.Cut(rest, ",")
			line = others
			if !isNext(parameters) {
				continue
			}
			at, err := url.Parse(target[1:])
			if err != nil || at.Host != api.Host {
				return nil, false, errors.New("connectwise: the next page is on another host")
			}
			query, err := url.ParseQuery(at.RawQuery)
			if err != nil {
				return nil, false, errors.New("connectwise: the next page can't be read")
			}
			return query, true, nil
		}
	}
	return nil, false, nil
}

func isNext(parameters string) bool {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") && strings.Trim(strings.TrimSpace(value), `"`) == "next" {
			return true
		}
	}
	return false
}
