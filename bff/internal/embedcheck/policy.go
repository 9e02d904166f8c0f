package embedcheck

import (
	"net/url"
	"slices"
	"strings"
)

// policy is a content security policy: its directives, each with its sources.
type policy map[string][]string

// policiesOf reads headers, each of which may hold several policies.
func policiesOf(texts []string) []policy {
	var all []policy
	for _, text := range strings.Split(strings.Join(texts, ","), ",") {
		p := policy{}
		for _, directive := range strings.Split(text, ";") {
			words := strings.Fields(directive)
			if len(words) == 0 {
				continue
			}
			name := strings.ToLower(words[0])
			if _, repeated := p[name]; !repeated { // browsers use the first of two
				p[name] = words[1:]
			}
		}
		if len(p) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// first gives the sources of the first existing directive: browsers fall back in this order.
func (p policy) first(names ...string) ([]string, bool) {
	for _, name := range names {
		if sources, is := p[name]; is {
			return sources, true
		}
	}
	return nil, false
}

// allows reports whether a list of sources includes an origin. self is the origin of the page with the policy.
func allows(sources []string, origin, self string) bool {
	return slices.ContainsFunc(sources, func(source string) bool { return matches(strings.ToLower(source), origin, self) })
}

func matches(source, origin, self string) bool {
	at, err := url.Parse(origin)
	if err != nil {
		return false
	}
	switch {
	case source == "*":
		return true
	case source == "'self'":
		return origin == self
	case strings.HasPrefix(source, "'"):
		return false
	case strings.HasSuffix(source, ":") && !strings.Contains(source, "/"):
		return source == at.Scheme+":" || source == "http:" && at.Scheme == "https"
	}
	scheme, rest, has := strings.Cut(source, "://")
	if !has {
		scheme, rest = at.Scheme, source
	}
	host, _, _ := strings.Cut(rest, "/")
	host, port := splitPort(host)
	upgraded := scheme == "http" && at.Scheme == "https"
	if scheme != at.Scheme && !upgraded {
		return false
	}
	if port != "*" && portOf(port, at.Scheme) != portOf(at.Port(), at.Scheme) {
		return false
	}
	if suffix, wild := strings.CutPrefix(host, "*"); wild {
		return strings.HasSuffix(at.Hostname(), suffix) && at.Hostname() != strings.TrimPrefix(suffix, ".")
	}
	return strings.Trim(host, "[]") == at.Hostname()
}

func splitPort(host string) (name, port string) {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i], host[i+1:]
	}
	return host, ""
}

func portOf(port, scheme string) string {
	switch {
	case port != "":
		return port
	case scheme == "http":
		return "80"
	}
	return "443"
}

func hasPrefixedSource(sources []string, prefix string) bool {
	return slices.ContainsFunc(sources, func(source string) bool { return strings.HasPrefix(source, prefix) })
}

func originOfText(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return originOf(u)
}
