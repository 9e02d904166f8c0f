package embedcheck

import (
	"strings"

	"golang.org/x/net/html"
)

// tags calls each for every opening tag of a page, with its attributes by name.
func tags(body string, each func(name string, attributes map[string]string)) {
	reader := html.NewTokenizer(strings.NewReader(body))
	for {
		switch reader.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := reader.Token()
			attributes := map[string]string{}
			for _, a := range token.Attr {
				if _, repeated := attributes[a.Key]; !repeated {
					attributes[a.Key] = a.Val
				}
			}
			each(token.Data, attributes)
		}
	}
}

// metaOf gives the content of a named meta element.
func metaOf(body, name string) (content string, found bool) {
	tags(body, func(tag string, a map[string]string) {
		if tag == "meta" && a["name"] == name && !found {
			content, found = a["content"], true
		}
	})
	return content, found
}

// metaPolicies gives the policies in a page's head.
func metaPolicies(body string) []string {
	var texts []string
	tags(body, func(tag string, a map[string]string) {
		if tag == "meta" && strings.EqualFold(a["http-equiv"], "Content-Security-Policy") {
			texts = append(texts, a["content"])
		}
	})
	return texts
}

// scriptOf gives the path of the page's own script.
func scriptOf(body string) string {
	address := ""
	tags(body, func(tag string, a map[string]string) {
		if tag == "script" && strings.HasPrefix(a["src"], "/") && address == "" {
			address = a["src"]
		}
	})
	return address
}

// frame is a frame in the page's markup.
type frame struct {
	src       string
	sandboxed bool
	sandbox   []string
}

func framesOf(body string) []frame {
	var all []frame
	tags(body, func(tag string, a map[string]string) {
		if tag != "iframe" {
			return
		}
		sandbox, sandboxed := a["sandbox"]
		all = append(all, frame{a["src"], sandboxed, strings.Fields(strings.ToLower(sandbox))})
	})
	return all
}
