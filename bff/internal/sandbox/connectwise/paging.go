package connectwise

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Page sizes.
const (
	defaultPageSize = 25
	maxPageSize     = 1000
)

// record is a record as conditions, order and fields access it.
type record = map[string]any

// page answers with one page of the matching records, and a Link to the next one.
func page[T any](w http.ResponseWriter, r *http.Request, all []T, conditions, order string) {
	fits, err := parseConditions(conditions)
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidConditions", err.Error())
		return
	}
	q := r.URL.Query()
	number, err := count(q.Get("page"), 1, 1<<30)
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidPage", "page "+err.Error())
		return
	}
	size, err := count(q.Get("pageSize"), defaultPageSize, maxPageSize)
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidPageSize", "pageSize "+err.Error())
		return
	}
	found := []record{}
	for _, one := range all {
		if it := recordOf(one); fits(it) {
			found = append(found, it)
		}
	}
	sortBy(found, order)
	first := min((number-1)*size, len(found))
	last := min(first+size, len(found))
	link(w, r, number, size, len(found))
	writeJSON(w, http.StatusOK, selectFields(found[first:last], q.Get("fields")))
}

func count(text string, otherwise, limit int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, fmt.Errorf("is a number from 1 to %d", limit)
	}
	return n, nil
}

func recordOf(what any) record {
	body, err := json.Marshal(what)
	if err != nil {
		panic(err) // records are plain structs
	}
	var it record
	if err := json.Unmarshal(body, &it); err != nil {
		panic(err)
	}
	return it
}

func link(w http.ResponseWriter, r *http.Request, number, size, total int) {
	if number*size >= total {
		return
	}
	to := func(number int, rel string) string {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(number))
		return fmt.Sprintf(`<http://%s%s?%s>; rel="%s"`, r.Host, originalPath(r), q.Encode(), rel)
	}
	w.Header().Set("Link", to(number+1, "next")+", "+to((total+size-1)/size, "last"))
}

// originalPath is the path of the request before it was converted to lower case.
func originalPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return path
}

// fieldAt gives the value at a path such as company/id; nil if there is none.
func fieldAt(it record, path string) any {
	var value any = it
	for part := range strings.SplitSeq(path, "/") {
		inner, ok := value.(record)
		if !ok {
			return nil
		}
		value = nil
		for name, v := range inner {
			if strings.EqualFold(name, part) {
				value = v
			}
		}
	}
	return value
}

// sortBy sorts by "field", "field desc" or several of them.
func sortBy(list []record, order string) {
	if order == "" {
		return
	}
	slices.SortStableFunc(list, func(a, b record) int {
		for by := range strings.SplitSeq(order, ",") {
			path, way, _ := strings.Cut(strings.TrimSpace(by), " ")
			c := compare(fieldAt(a, path), fieldAt(b, path))
			if strings.EqualFold(strings.TrimSpace(way), "desc") {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

// compare orders two values of the same kind; others are equal.
func compare(a, b any) int {
	switch x := a.(type) {
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(strings.ToLower(x), strings.ToLower(y))
		}
	}
	return 0
}

// selectFields keeps the requested fields of each record, such as "id,company/name"; all, if none were requested.
func selectFields(list []record, fields string) []record {
	if fields == "" {
		return list
	}
	chosen := make([]record, len(list))
	for i, it := range list {
		chosen[i] = record{}
		for path := range strings.SplitSeq(fields, ",") {
			putField(chosen[i], strings.TrimSpace(path), fieldAt(it, strings.TrimSpace(path)))
		}
	}
	return chosen
}

func putField(into record, path string, value any) {
	name, rest, deeper := strings.Cut(path, "/")
	switch {
	case value == nil:
	case !deeper:
		into[name] = value
	default:
		inner, ok := into[name].(record)
		if !ok {
			inner = record{}
			into[name] = inner
		}
		putField(inner, rest, value)
	}
}
