package strictjson_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// allowance is what a call may allocate for a text of no bytes, in bytes: the decoder's own state and the allowance for growth.
const allowance = 128 << 10

// bombs are texts that cost some decoder far more than their size.
func bombs(size int) map[string]string {
	fill := func(begin, item, end string) string {
		return begin + strings.Repeat(item, max(1, (size-len(begin)-len(end))/len(item))) + end
	}
	wide := func(begin, end string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			b.WriteString(`,"` + strconv.FormatInt(int64(i), 36) + `":1`)
		}
		return begin + strings.TrimPrefix(b.String(), ",") + end
	}
	return map[string]string{
		"lists":                  fill("", "[", ""),
		"objects":                fill("", `{"next":`, ""),
		"objects of one name":    fill(`{"any":`, `{"a":`, ""),
		"empty objects":          fill(`{"list":[{}`, `,{}`, `]}`),
		"empty objects, open":    fill(`{"any":[{}`, `,{}`, `]}`),
		"small objects, open":    fill(`{"any":[{}`, `,{"a":1}`, `]}`),
		"empty lists, open":      fill(`{"any":[[]`, `,[]`, `]}`),
		"small numbers, open":    fill(`{"any":[1`, `,1`, `]}`),
		"small texts, open":      fill(`{"any":[""`, `,""`, `]}`),
		"texts of a byte, open":  fill(`{"any":["a"`, `,"a"`, `]}`),
		"a table":                wide(`{"table":{`, `}}`),
		"many names":             wide(`{"any":{`, `}}`),
		"many unknown names":     wide(`{`, `}`),
		"many raw names":         wide(`{"raw":{`, `}}`),
		"one name again":         fill(`{"text":""`, `,"text":""`, `}`),
		"one unknown name again": fill(`{"x":""`, `,"x":""`, `}`),
		"escapes":                fill(`{"text":"`, `\u0000`, `"}`),
		"escapes in a name":      fill(`{"any":{"`, `\u0061`, `":1}}`),
		"pairs in a name":        fill(`{"any":{"`, `\ud83d\ude00`, `":1}}`),
		"a number":               fill(`{"any":`, `9`, `}`),
		"a fraction":             fill(`{"ratio":0.`, `9`, `}`),
		"an exponent":            fill(`{"ratio":1e`, `9`, `}`),
		"blanks":                 fill(`{"text":`, ` `, `""}`),
		"invalid UTF-8":          fill(`{"text":"`, "\xff", `"}`),
		"lone surrogates":        fill(`{"text":"`, `\ud800`, `"}`),
		"null bytes":             fill("", "\x00", ""),
		"commas":                 fill("[", ",", "]"),
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// readings are the ways in which a text is read.
var readings = map[string]func([]byte) error{
	"strict": func(b []byte) error {
		var v sample
		return strictjson.Decode(context.Background(), b, &v, strictjson.Rules{})
	},
	"lenient": func(b []byte) error { var v sample; return strictjson.Unmarshal(b, &v) },
	"open":    func(b []byte) error { var v any; return strictjson.Unmarshal(b, &v) },
	"table":   func(b []byte) error { var v map[string]any; return strictjson.Unmarshal(b, &v) },
	"check":   func(b []byte) error { return strictjson.Check(context.Background(), b, strictjson.Rules{Null: true}) },
}

func TestNoTextTakesMoreThanTwentyTimesItsSize(t *testing.T) {
	for how, read := range readings {
		_ = read([]byte(`{}`)) // the shapes are made once
		for name, text := range bombs(256 << 10) {
			if used := allocated(func() { _ = read([]byte(text)) }); used > uint64(20*len(text)+allowance) {
				t.Errorf("%s, read as %s: %d bytes took %d, %.1f times as much", name, how, len(text), used, float64(used)/float64(len(text)))
			}
		}
	}
}

// FuzzDecode looks for a text that is read otherwise than encoding/json reads it, that is refused although nothing is
// wrong with it, or that takes more than 20 times its size.
func FuzzDecode(f *testing.F) {
	for _, text := range bombs(200) {
		f.Add([]byte(text))
	}
	f.Add([]byte(` { "text" : "a\"\u00e9\ud83d\ude00\ud800" , "flag":true,"count":-128,"size":18446744073709551615,"ratio":-2.5e300,"code":"12"} `))
	f.Add([]byte(`{"next":{"next":{"text":"c","code":7}},"list":[{"id":"1"},{}],"table":{"Text":"a","text":"b"},"raw":[{"x":{}}],"deep":"d"}`))
	for _, read := range readings {
		_ = read([]byte(`{}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want sample
		err := strictjson.Decode(context.Background(), text, &got, strictjson.Rules{})
		if err == nil {
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(&want); err != nil {
				t.Fatalf("encoding/json refuses it: %v", err)
			}
			if _, err := d.Token(); err != io.EOF {
				t.Fatalf("something follows the value: %v", err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		}
		kind := strictjson.KindOf(err)
		if err != nil && kind == "" {
			t.Fatalf("a refusal without a kind: %v", err)
		}
		if (kind == strictjson.Syntax || kind == strictjson.Trailing) && json.Valid(text) {
			t.Fatalf("valid JSON is refused: %v", err)
		}
		switch err := strictjson.Check(context.Background(), text, strictjson.Rules{Null: true}); strictjson.KindOf(err) {
		case "", strictjson.TooDeep, strictjson.Repeated, strictjson.Number, strictjson.TooMany:
		default:
			if kind := strictjson.KindOf(err); kind != strictjson.NotUTF8 && json.Valid(text) {
				t.Fatalf("Check refuses valid JSON: %v", err)
			}
		}
		for how, read := range readings {
			if used := allocated(func() { _ = read(text) }); used > uint64(20*len(text)+allowance) {
				t.Fatalf("read as %s, %d bytes took %d", how, len(text), used)
			}
		}
	})
}

// BenchmarkBombs measures what hostile texts of 16 KiB cost. B/byte is the memory for each byte of the text.
func BenchmarkBombs(b *testing.B) {
	for name, text := range bombs(16 << 10) {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			data := []byte(text)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			used := allocated(func() {
				for b.Loop() {
					_ = readings["lenient"](data)
				}
			})
			b.ReportMetric(float64(used)/float64(b.N)/float64(len(data)), "B/byte")
		})
	}
}

// BenchmarkDecode compares the scan with encoding/json alone, for a usual body.
func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"text":"contoso-dana","flag":true,"count":12,"list":[{"id":"mobile"},{"id":"desk"},{"id":"mail"}],"table":{"US":"1","DE":"2"},"deep":"A note of usual length about the call."}`)
	b.Run("strict", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var v sample
			if err := strictjson.Decode(context.Background(), body, &v, strictjson.Rules{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var v sample
			if err := json.Unmarshal(body, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCheck measures the scan alone.
func BenchmarkCheck(b *testing.B) {
	body := []byte(`{"text":"contoso-dana","flag":true,"count":12,"list":[{"id":"mobile"},{"id":"desk"},{"id":"mail"}],"table":{"US":"1","DE":"2"},"deep":"A note of usual length about the call."}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := strictjson.Check(context.Background(), body, strictjson.Rules{}); err != nil {
			b.Fatal(err)
		}
	}
}
