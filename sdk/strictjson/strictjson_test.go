package strictjson_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// sample has a member of every form.
type sample struct {
	Text  string            `json:"text"`
	Flag  *bool             `json:"flag"`
	Count int8              `json:"count"`
	Size  uint64            `json:"size"`
	Ratio float64           `json:"ratio"`
	Code  json.Number       `json:"code"`
	At    time.Time         `json:"at"`
	Bytes []byte            `json:"bytes"`
	List  []inner           `json:"list"`
	Table map[string]string `json:"table"`
	Raw   json.RawMessage   `json:"raw"`
	Any   any               `json:"any"`
	Next  *sample           `json:"next"`
	Kelv  string            `json:"kelvins"`
	embedded
	Hidden string `json:"-"`
}

type inner struct {
	ID string `json:"id"`
}

type embedded struct {
	Deep string `json:"deep"`
}

func nested(open, close string, n int) string {
	return strings.Repeat(open, n) + "1" + strings.Repeat(close, n)
}

func TestTextsThatAreRefused(t *testing.T) {
	tests := []struct {
		name, text string
		kind       strictjson.Kind
		path       string
	}{
		{"nothing", ``, strictjson.Syntax, ""},
		{"blanks alone", " \n", strictjson.Syntax, ""},
		{"a byte order mark", "\ufeff{}", strictjson.Syntax, ""},
		{"UTF-16, little endian", "\xff\xfe{\x00}\x00", strictjson.NotUTF8, ""},
		{"UTF-16 without a mark", "{\x00}\x00", strictjson.Syntax, ""},
		{"Latin-1", "{\"text\":\"M\xfcller\"}", strictjson.NotUTF8, ""},
		{"a surrogate in UTF-8", "{\"text\":\"\xed\xa0\x80\"}", strictjson.NotUTF8, ""},
		{"an overlong slash", "{\"text\":\"\xc0\xaf\"}", strictjson.NotUTF8, ""},
		{"a cut object", `{"text":"a"`, strictjson.Syntax, "text"},
		{"a cut name", `{"te`, strictjson.Syntax, ""},
		{"a cut string", `{"text":"a`, strictjson.Syntax, "text"},
		{"a cut escape", `{"text":"\u00`, strictjson.Syntax, "text"},
		{"a cut word", `{"flag":tru`, strictjson.Syntax, "flag"},
		{"a comma too many", `{"text":"a",}`, strictjson.Syntax, "text"},
		{"a comma too many in a list", `{"list":[{},]}`, strictjson.Syntax, "list[1]"},
		{"a comma too few", `{"text":"a" "count":1}`, strictjson.Syntax, "text"},
		{"a name without quotes", `{text:"a"}`, strictjson.Syntax, ""},
		{"single quotes", `{'text':'a'}`, strictjson.Syntax, ""},
		{"a comment", `{/*x*/"text":"a"}`, strictjson.Syntax, ""},
		{"brackets that cross", `{"list":[}]`, strictjson.Syntax, "list[0]"},
		{"a control character in a string", "{\"text\":\"a\nb\"}", strictjson.Syntax, "text"},
		{"an unknown escape", `{"text":"\x41"}`, strictjson.Syntax, "text"},
		{"a number with a zero before it", `{"count":01}`, strictjson.Syntax, "count"},
		{"a number with a plus", `{"count":+1}`, strictjson.Syntax, "count"},
		{"a number that ends in a point", `{"ratio":1.}`, strictjson.Syntax, "ratio"},
		{"a number in hexadecimal", `{"count":0x1}`, strictjson.Syntax, "count"},
		{"NaN", `{"ratio":NaN}`, strictjson.Syntax, "ratio"},
		{"two values", `{}{}`, strictjson.Trailing, ""},
		{"a word after the value", `{} x`, strictjson.Trailing, ""},
		{"a zero byte after the value", "{}\x00", strictjson.Trailing, ""},

		{"16,000 lists", `{"any":` + strings.Repeat("[", 16000), strictjson.TooDeep, "any" + strings.Repeat("[0]", 31)},
		{"16,000 objects", strings.Repeat(`{"next":`, 16000), strictjson.TooDeep, strings.TrimPrefix(strings.Repeat(".next", 32), ".")},
		{"33 levels in an unread value", `{"any":` + nested("[", "]", 32) + `}`, strictjson.TooDeep, "any" + strings.Repeat("[0]", 31)},

		{"a name twice", `{"text":"a","text":"b"}`, strictjson.Repeated, "text"},
		{"a name twice by an escape", `{"text":"a","t\u0065xt":"b"}`, strictjson.Repeated, "text"},
		{"a name twice in a list", `{"list":[{},{"id":"a","id":"b"}]}`, strictjson.Repeated, "list[1].id"},
		{"a key of a table twice", `{"table":{"a":"1","a":"2"}}`, strictjson.Repeated, "table.a"},
		{"a name twice in a raw value", `{"raw":{"a":[{"b":1,"b":2}]}}`, strictjson.Repeated, "raw.a[0].b"},
		{"a name twice in an open value", `{"any":{"a":{"b":1,"b":2}}}`, strictjson.Repeated, "any.a.b"},
		{"a name that is half a pair, twice", `{"any":{"\ud800":1,"\udbff":2}}`, strictjson.Repeated, "any.?"},
		{"an empty name twice", `{"any":{"":1,"":2}}`, strictjson.Repeated, "any.?"},
		{"the last of many names twice", `{"table":{` + names(3000) + `,"n2999":""}}`, strictjson.Repeated, "table.n2999"},

		{"an unknown name", `{"colour":1}`, strictjson.Unknown, "colour"},
		{"an unknown name in a list", `{"list":[{"colour":1}]}`, strictjson.Unknown, "list[0].colour"},
		{"a field that JSON does not have", `{"Hidden":"a"}`, strictjson.Unknown, "Hidden"},
		{"an unknown name that could deceive", "{\"\\u202e\":1}", strictjson.Unknown, "?"},
		{"a known name in another case", `{"Text":"a"}`, strictjson.OtherCase, "Text"},
		{"a known name in both cases", `{"text":"a","TEXT":"b"}`, strictjson.OtherCase, "TEXT"},
		{"a known name with a long s", `{"ſize":1}`, strictjson.OtherCase, "?"},
		{"a known name with the sign for kelvin", "{\"\u212aelvins\":\"a\"}", strictjson.OtherCase, "?"},

		{"a number for a text", `{"text":1}`, strictjson.WrongType, "text"},
		{"a list for a text", `{"text":["a"]}`, strictjson.WrongType, "text"},
		{"a text for a flag", `{"flag":"true"}`, strictjson.WrongType, "flag"},
		{"a text for a number", `{"count":"1"}`, strictjson.WrongType, "count"},
		{"a fraction for a whole number", `{"count":1.0}`, strictjson.WrongType, "count"},
		{"an exponent for a whole number", `{"count":1e1}`, strictjson.WrongType, "count"},
		{"a whole number above its range", `{"count":128}`, strictjson.WrongType, "count"},
		{"a whole number below its range", `{"count":-129}`, strictjson.WrongType, "count"},
		{"a negative number where there is no sign", `{"size":-1}`, strictjson.WrongType, "size"},
		{"a whole number of 20 digits above its range", `{"size":18446744073709551616}`, strictjson.WrongType, "size"},
		{"an object for a list", `{"list":{}}`, strictjson.WrongType, "list"},
		{"a list for an object", `{"table":[]}`, strictjson.WrongType, "table"},
		{"a text among objects", `{"list":[{},"a"]}`, strictjson.WrongType, "list[1]"},
		{"a list for the whole", `[]`, strictjson.WrongType, ""},
		{"null for the whole", `null`, strictjson.WrongType, ""},
		{"null for a text", `{"text":null}`, strictjson.WrongType, "text"},
		{"null for a pointer", `{"flag":null}`, strictjson.WrongType, "flag"},
		{"null in a raw value", `{"raw":{"a":null}}`, strictjson.WrongType, "raw.a"},
		{"a time that is none", `{"at":"yesterday"}`, strictjson.WrongType, ""},

		{"a number with a huge exponent", `{"ratio":1e999999999}`, strictjson.Number, "ratio"},
		{"a number of 10,000 digits", `{"any":` + strings.Repeat("9", 10000) + `}`, strictjson.Number, "any"},
		{"a whole number of 10,000 digits", `{"count":` + strings.Repeat("9", 10000) + `}`, strictjson.Number, "count"},
		{"a raw number of 10,000 digits", `{"raw":` + strings.Repeat("9", 10000) + `}`, strictjson.Number, "raw"},

		{"a list of many empty objects", `{"list":[{}` + strings.Repeat(",{}", 20000) + `]}`, strictjson.TooMany, "list[16368]"},
		{"an open list of many empty objects", `{"any":[{}` + strings.Repeat(",{}", 20000) + `]}`, strictjson.TooMany, "any[2089]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v sample
			err := strictjson.Decode(t.Context(), []byte(tt.text), &v, strictjson.Rules{})
			var fault *strictjson.Error
			if !errors.As(err, &fault) || fault.Kind != tt.kind || fault.Path != tt.path {
				t.Errorf("got %v (%q at %q), want %q at %q", err, strictjson.KindOf(err), pathOf(err), tt.kind, tt.path)
			}
		})
	}
}

func pathOf(err error) string {
	var fault *strictjson.Error
	_ = errors.As(err, &fault)
	if fault == nil {
		return ""
	}
	return fault.Path
}

// names gives n members n0 to n(n-1).
func names(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"n` + itoa(i) + `":""`)
	}
	return b.String()
}

func itoa(i int) string { text, _ := json.Marshal(i); return string(text) }

func TestAValueIsReadAsEncodingJSONReadsIt(t *testing.T) {
	text := ` { "text" : "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800" , "flag":true,"count":-128,"size":18446744073709551615,"ratio":-2.5e300,
		"code":"12","at":"2026-11-23T14:00:00Z","bytes":"AAEC","list":[{"id":"1"},{}],"table":{"Text":"a","text":"b"},"raw":[{"x":{}}],
		"any":{"a":[1,true,"x"]},"next":{"next":{"text":"c","code":7}},"kelvins":"","deep":"d" } `
	var got, want sample
	if err := strictjson.Decode(t.Context(), []byte(text), &got, strictjson.Rules{}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnswersOfOtherSystemsMayHaveMembersOfTheirOwn(t *testing.T) {
	for name, text := range map[string]string{
		"unknown":                           `{"text":"a","colour":{"x":[1,null]}}`,
		"unknown and repeated":              `{"colour":1,"text":"a","colour":2}`,
		"unknown, repeated within":          `{"colour":{"a":1,"a":2},"text":"a"}`,
		"unknown, a number of 1,000 digits": `{"colour":` + strings.Repeat("9", 1000) + `,"text":"a"}`,
		"null for a known one":              `{"text":"a","list":null,"next":null,"count":null}`,
	} {
		var v sample
		if err := strictjson.Unmarshal([]byte(text), &v); err != nil || v.Text != "a" {
			t.Errorf("%s: %v, %+v", name, err, v)
		}
	}
	for name, refused := range map[string]struct {
		text string
		kind strictjson.Kind
	}{
		"a known name twice":              {`{"text":"a","text":"a"}`, strictjson.Repeated},
		"a known name in another case":    {`{"text":"a","Text":"b"}`, strictjson.OtherCase},
		"a known name of a list's object": {`{"list":[{"id":"a","ID":"b"}]}`, strictjson.OtherCase},
		"an unknown member nested deep":   {`{"colour":` + nested("[", "]", 40) + `}`, strictjson.TooDeep},
		"an unknown member that is cut":   {`{"colour":[1,2`, strictjson.Syntax},
	} {
		var v sample
		if err := strictjson.Unmarshal([]byte(refused.text), &v); strictjson.KindOf(err) != refused.kind {
			t.Errorf("%s: %v, want %q", name, err, refused.kind)
		}
	}
}

func TestPrivateMembersPassInTheOutermostObjectAlone(t *testing.T) {
	private := strictjson.Rules{Private: func(name string) bool { return strings.Contains(name, ":") }}
	for text, want := range map[string]strictjson.Kind{
		`{"text":"a","urn:x":{"a":[null]}}`: "",
		`{"urn:x":1,"urn:x":2}`:             strictjson.Repeated,
		`{"urn:x":{"a":1,"a":2}}`:           strictjson.Repeated,
		`{"next":{"urn:x":1}}`:              strictjson.Unknown,
		`{"colour":1}`:                      strictjson.Unknown,
	} {
		var v sample
		if err := strictjson.Decode(t.Context(), []byte(text), &v, private); strictjson.KindOf(err) != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestDepthCanBeBoundLower(t *testing.T) {
	for depth, want := range map[int]strictjson.Kind{3: "", 2: strictjson.TooDeep, 1: strictjson.TooDeep, 0: "", 1000: ""} {
		var v any
		if err := strictjson.Decode(t.Context(), []byte(`[[[1]]]`), &v, strictjson.Rules{Depth: depth}); strictjson.KindOf(err) != want {
			t.Errorf("depth %d: %v, want %q", depth, err, want)
		}
	}
	if err := strictjson.Check(t.Context(), []byte(nested("[", "]", strictjson.MaxDepth)), strictjson.Rules{Depth: 1000}); err != nil {
		t.Errorf("%d levels: %v", strictjson.MaxDepth, err)
	}
}

func TestFaultsGivesAllOfThem(t *testing.T) {
	var v sample
	faults := strictjson.Faults([]byte(`{"text":1,"colour":{"text":2},"list":[{"id":"a"},{"ID":"b"}],"count":null,"text":"x","flag":true`), &v, strictjson.Rules{})
	var got []string
	for _, f := range faults {
		got = append(got, f.Path+" "+string(f.Kind))
	}
	want := []string{"text wrong_type", "colour unknown", "list[1].ID other_case", "count wrong_type", "text repeated", "flag syntax"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if faults := strictjson.Faults([]byte(`{"at":"yesterday"}`), &v, strictjson.Rules{}); len(faults) != 1 || faults[0].Kind != strictjson.WrongType {
		t.Errorf("a time that is none: %v", faults)
	}
	if faults := strictjson.Faults([]byte(`[`+strings.Repeat("1,", 5000)+`1]`), &[]string{}, strictjson.Rules{}); len(faults) != 100 {
		t.Errorf("5,001 faults: %d are given, want 100", len(faults))
	}
}

// ending is a context that ends when it is looked at for the nth time.
type ending struct {
	context.Context
	looks int
}

func (e *ending) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

func TestTheScanEndsWithItsContext(t *testing.T) {
	text := []byte(`[1` + strings.Repeat(",1", 1<<18) + `]`)
	err := strictjson.Check(&ending{t.Context(), 2}, text, strictjson.Rules{})
	var fault *strictjson.Error
	if !errors.As(err, &fault) || fault.Kind != strictjson.Ended || !errors.Is(err, context.Canceled) || fault.Offset > 1<<17+10 {
		t.Errorf("got %#v, want %q within 128 KiB", err, strictjson.Ended)
	}
}

func TestReadKeepsToItsLimit(t *testing.T) {
	for _, size := range []int{0, 1, 1023, 1024, 1025, 5000, 16383, 16384} {
		data, err := strictjson.Read(t.Context(), iotest.HalfReader(strings.NewReader(strings.Repeat("x", size))), 16384)
		if err != nil || len(data) != size {
			t.Errorf("%d bytes: %d, %v", size, len(data), err)
		}
	}
	endless := strings.NewReader(strings.Repeat("x", 1<<20))
	if _, err := strictjson.Read(t.Context(), endless, 16384); strictjson.KindOf(err) != strictjson.TooLarge {
		t.Errorf("over the limit: %v", err)
	}
	if read := 1<<20 - endless.Len(); read > 16385 {
		t.Errorf("%d bytes were read, and the limit is 16,384", read)
	}
	if _, err := strictjson.Read(t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), 10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that fails: %v", err)
	}
	if _, err := strictjson.Read(&ending{t.Context(), 0}, bytes.NewReader(nil), 10); strictjson.KindOf(err) != strictjson.Ended {
		t.Errorf("a context that has ended: %v", err)
	}
}
