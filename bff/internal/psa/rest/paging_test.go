package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func FuzzNextPage(f *testing.F) {
	for _, link := range []string{
		`<https://cw.example/x?page=2>; rel="next", <https://cw.example/x?page=9>; rel="last"`, `<https://cw.example/x?page=9>; rel="last", <https://cw.example/x?page=2>; title="a"; rel=next`,
		`<https://evil.example/x?page=2>; rel="next"`, `<//cw.example?page=2>;rel=next`, `<`, `,,,<a>`, `<https://cw.example/%zz>; rel=next`, `<a,b>; rel="next"`,
	} {
		f.Add(link)
	}
	f.Fuzz(func(t *testing.T, link string) {
		query, more, err := rest.Pages{Number: "page", Cursor: "pageId"}.Next(http.Header{"Link": {link}})
		if more != (len(query) > 0) || more && err != nil {
			t.Errorf("%q: %v %t %v", link, query, more, err)
		}
		for name := range query { // the conditions never come from the Link
			if name != "page" && name != "pageId" {
				t.Errorf("%q sets %s", link, name)
			}
		}
	})
}

// A next page is asked with the query of the first page. The link's host, path and conditions are not used.
func TestANextPageChangesThePageOnly(t *testing.T) {
	for _, row := range []struct {
		name, link string
		want       string // the query of the second request; empty: there is none
		code       verify.Code
	}{
		{"a link on another host", `<https://evil.example/x?page=2&client=9>; rel="next"`, "client=7&page=2", ""},
		{"a relative link", `<?page=2>; rel="next"`, "client=7&page=2", ""},
		{"a cursor", `<https://api.example/x?pageId=abc>; rel="next"`, "client=7&pageId=abc", ""},
		{"no next page", `<https://api.example/x?page=9>; rel="last"`, "", ""},
		{"the same page", `<?page=1>; rel="next"`, "", verify.CodePSADown},
		{"a link without a page", `<https://api.example/x>; rel="next"`, "", verify.CodePSADown},
	} {
		var asked []string
		err := rest.EachPage(newClient(t, time.Now, nil), rest.Pages{Number: "page", Cursor: "pageId"}, url.Values{"client": {"7"}},
			func(query url.Values, page *[]int) (http.Header, error) {
				asked, *page = append(asked, query.Encode()), []int{1}
				if len(asked) > 1 {
					return nil, nil
				}
				return http.Header{"Link": {row.link}}, nil
			}, func([]int) bool { return true })
		if verify.CodeOf(err) != row.code || asked[0] != "client=7" || strings.Join(asked[1:], " ") != row.want {
			t.Errorf("%s: asked %q, %v", row.name, asked, err)
		}
	}
}

func TestAListEndsAfterTenPages(t *testing.T) {
	pages := 0
	err := rest.EachPage(newClient(t, time.Now, nil), rest.Pages{Number: "page"}, url.Values{}, func(url.Values, *[]int) (http.Header, error) {
		pages++
		return http.Header{"Link": {fmt.Sprintf(`<?page=%d>; rel="next"`, pages+1)}}, nil
	}, func([]int) bool { return true })
	if err != nil || pages != 10 {
		t.Errorf("%d pages, %v", pages, err)
	}
}
