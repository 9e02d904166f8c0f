package connectwise_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConditionsFindWhatFits(t *testing.T) {
	b := newHarness(t)
	for _, c := range []struct {
		conditions string
		want       []int // nil: the conditions are refused
	}{
		{`id=61211`, []int{61211}},
		{`id = 61211 and closedFlag = False`, []int{61211}},
		{`summary like "%password%"`, []int{61214, 61120, 61101}},
		{`summary like "%password%" and closedFlag=False`, []int{61214, 61120}},
		{`summary contains "wi-fi"`, []int{61187}},
		{`summary not like "%a%"`, []int{}},
		{`company/id=19307 and (status/name="New" or closedFlag=True)`, []int{61172, 61101}},
		{`company/identifier = "contoso" and board/name != "Help Desk"`, []int{61150}},
		{`id in (61211, 61187, 5)`, []int{61211, 61187}},
		{`id not in (61211) and id >= 61198`, []int{61214, 61198}},
		{`id < 61120`, []int{61101}},
		{`contact = null`, []int{61139}},
		{`_info/dateEntered > [2026-03-04T11:50:00Z]`, []int{61214}},
		{`company/id=`, nil},
		{`company/id=5)`, nil},
		{`(company/id=5`, nil},
		{`= 5`, nil},
		{`id is 5`, nil},
		{`id=61211 closedFlag=False`, nil},
		{`summary like 5`, nil},
		{`summary = "half`, nil},
		{`id not = 5`, nil},
		{`id in 5`, nil},
		{`id=61211; drop`, nil},
	} {
		t.Run(c.conditions, func(t *testing.T) {
			body := fmt.Sprintf(`{"conditions":%q}`, c.conditions)
			w := b.rest("POST", "/service/tickets/search", body)
			if c.want == nil {
				if w.Code != 400 || decode[refusal](t, w).Code != "InvalidConditions" {
					t.Errorf("%d %s, want 400 InvalidConditions", w.Code, w.Body)
				}
				return
			}
			ids := []int{}
			for _, found := range decode[[]struct{ ID int }](t, w) {
				ids = append(ids, found.ID)
			}
			if diff := cmp.Diff(c.want, ids); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASearchFindsOnlyWhatTheMemberMaySee(t *testing.T) {
	b := newHarness(t)
	search := func(as requestEdit) int {
		return len(decode[[]any](t, b.rest("POST", "/service/tickets/search", `{"conditions":"board/id=9"}`, as)))
	}
	if ana, lee, sam := search(b.member("AOrtiz")), search(b.member("LPark")), search(b.member("SNovak")); ana != 1 || lee != 0 || sam != 0 {
		t.Errorf("Ana finds %d confidential tickets, Lee %d, Sam %d", ana, lee, sam)
	}
}

type person struct {
	ID                 int
	FirstName          string
	InactiveFlag       bool
	CommunicationItems []struct {
		Type                     struct{ Name string }
		Value, CommunicationType string
		DefaultFlag              bool
		Extension                string
	}
}

func TestContactsAreOfOneCompanyAsTheyWereTyped(t *testing.T) {
	b := newHarness(t)
	all := decode[[]person](t, b.rest("GET", "/company/contacts?conditions=company/id=19301&pageSize=1000", ""))
	var got []string
	for _, c := range all {
		for _, item := range c.CommunicationItems {
			got = append(got, fmt.Sprintf("%s %v: %s %s %s %v", c.FirstName, c.InactiveFlag, item.CommunicationType, item.Type.Name, item.Value, item.DefaultFlag))
		}
	}
	want := []string{
		"Dana false: Phone Mobile 4155554821 true", "Dana false: Phone Direct 4155550199 false", "Dana false: Email Email dana@contoso.com true",
		"Dana false: Phone Cell Phone 2 (415) 555-4821 false", "Dana false: Fax Fax 4155550198 true",
		"Marcus false: Phone Mobile 415-555-3107 true", "Marcus false: Email Email marcus@contoso.com true",
		"Gloria true: Phone Mobile 4155556640 true", "Gloria true: Email Email gloria@contoso.com true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	jordan := decode[person](t, b.rest("GET", "/company/contacts/521", ""))
	if len(jordan.CommunicationItems) != 12 {
		t.Errorf("Jordan has %d items", len(jordan.CommunicationItems))
	}
	if w := b.rest("GET", "/company/contacts/1", ""); w.Code != 404 {
		t.Errorf("nobody: %d", w.Code)
	}
	if w := b.rest("GET", "/company/companies/19301", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"name":"Contoso"`) {
		t.Errorf("the company: %d %s", w.Code, w.Body)
	}
}

func TestMoreThanAPageIsReadPageByPage(t *testing.T) {
	b := newHarness(t)
	next := regexp.MustCompile(`<http://[^/]+/v2025_1/apis/3\.0([^>]+)>; rel="next"`)
	for _, c := range []struct {
		size  string
		pages []int
	}{
		{"&pageSize=1000", []int{1000, 40}},
		{"&pageSize=520", []int{520, 520}},
		{"&pageSize=1000&page=3", []int{0}},
	} {
		path := "/company/Contacts?fields=id,company/name&orderBy=lastName%20desc,id&conditions=company/id%3D19322" + c.size
		var sizes []int
		seen := map[float64]bool{}
		for path != "" {
			w := b.rest("GET", path, "")
			got := decode[[]map[string]any](t, w)
			sizes = append(sizes, len(got))
			for _, it := range got {
				seen[it["id"].(float64)] = true
				if diff := cmp.Diff(map[string]any{"id": it["id"], "company": map[string]any{"name": "Woodgrove Bank"}}, it); diff != "" {
					t.Fatal(diff)
				}
			}
			path = ""
			if found := next.FindStringSubmatch(w.Header().Get("Link")); found != nil {
				path = found[1]
			}
		}
		total := 0
		for _, n := range c.pages {
			total += n
		}
		if !slices.Equal(sizes, c.pages) || len(seen) != total {
			t.Errorf("%s: pages of %v with %d people", c.size, sizes, len(seen))
		}
	}
	if got := decode[[]person](t, b.rest("GET", "/company/contacts?conditions=company/id=19322&orderBy=firstName%20desc,lastName", "")); len(got) != 25 || got[0].FirstName != "Zoe" {
		t.Errorf("by default a page has %d, from %v on", len(got), got[0])
	}
	for _, bad := range []string{"pageSize=1001", "pageSize=0", "page=0", "page=x"} {
		if w := b.rest("GET", "/company/contacts?"+bad, ""); w.Code != 400 {
			t.Errorf("%s: %d, want 400", bad, w.Code)
		}
	}
}
