package message

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Words are all that is said to end users, in one language: a file of the folder languages. Its keys are
// those of en.json, which has each with what it is for; adding a language is adding a file.
type Words struct {
	Tag     string // as the file is called, and as pages declare it: de
	tag     language.Tag
	texts   map[string]Template
	minutes plurals
	short   plurals // of minutes, in text messages
}

// plurals are a text's forms, by the language's own rules.
type plurals map[plural.Form]Template

var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

//go:embed languages/*.json
var languageFiles embed.FS

// source is the language that the others translate, and the one that is spoken where no other fits.
const source = "en"

var catalogue = mustLoad(languageFiles)

// library is every language that there are words in.
type library struct {
	all     []*Words // the source first, then by their tags
	matcher language.Matcher
}

func mustLoad(files fs.FS) library {
	l, err := load(files)
	if err != nil {
		panic(err) // embedded, and read by every test
	}
	return l
}

// load reads every language, and holds it to the source: no key more, none less, with the same placeholders.
func load(files fs.FS) (library, error) {
	names, err := fs.Glob(files, "languages/*.json")
	if err != nil {
		return library{}, err
	}
	slices.SortFunc(names, func(a, b string) int {
		if of := "languages/" + source + ".json"; a == of || b == of {
			return map[bool]int{true: -1, false: 1}[a == of]
		}
		return strings.Compare(a, b)
	})
	var l library
	var tags []language.Tag
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return library{}, err
		}
		var like *Words
		if len(l.all) > 0 {
			like = l.all[0]
		}
		w, err := readWords(strings.TrimSuffix(path.Base(name), ".json"), data, like)
		if err != nil {
			return library{}, fmt.Errorf("%s: %w", name, err)
		}
		l.all, tags = append(l.all, w), append(tags, w.tag)
	}
	l.matcher = language.NewMatcher(tags)
	return l, nil
}

// readWords reads one language; like is the source, or nil when this is it.
func readWords(tag string, data []byte, like *Words) (*Words, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	if err := strictjson.Decode(context.Background(), data, &texts, strictjson.Rules{}); err != nil {
		return nil, err
	}
	w := &Words{Tag: tag, tag: parsed, texts: map[string]Template{}, minutes: plurals{}, short: plurals{}}
	for key, text := range texts {
		t, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		name, form, _ := strings.Cut(key, ".")
		switch f, is := forms[form]; {
		case name == "minutes" && is:
			w.minutes[f] = t
		case name == "min" && is:
			w.short[f] = t
		default:
			w.texts[key] = t
		}
	}
	if err := w.checkPlurals(); err != nil {
		return nil, err
	}
	return w, w.checkLike(like)
}

// checkPlurals asks for every form that a validity can take.
func (w *Words) checkPlurals() error {
	for n := range 61 {
		f := w.form(n)
		if w.minutes[f].IsEmpty() || w.short[f].IsEmpty() {
			return fmt.Errorf("minutes or min lacks the plural form of %d", n)
		}
	}
	return nil
}

func (w *Words) checkLike(like *Words) error {
	if like == nil {
		return nil
	}
	for key, t := range like.texts {
		mine, there := w.texts[key]
		if !there {
			return fmt.Errorf("the key %s is missing", key)
		}
		for h := noHole + 1; h < holes; h++ {
			if (mine.count(h) > 0) != (t.count(h) > 0) {
				return fmt.Errorf("%s: %s is in one of %s and %s only", key, h, w.Tag, like.Tag)
			}
		}
	}
	for key := range w.texts {
		if _, there := like.texts[key]; !there {
			return fmt.Errorf("the key %s is none of %s", key, like.Tag)
		}
	}
	return nil
}

// In gives the words that are nearest to a language's tag: its own, those of a relative that its speakers
// read, or the English ones.
func In(tag string) *Words {
	for _, w := range catalogue.all {
		if w.Tag == tag {
			return w
		}
	}
	wanted, err := language.Parse(tag)
	if err != nil {
		return catalogue.all[0]
	}
	_, i, _ := catalogue.matcher.Match(wanted)
	return catalogue.all[i]
}

// Languages lists the tags that there are words in, English first.
func Languages() []string {
	tags := make([]string, len(catalogue.all))
	for i, w := range catalogue.all {
		tags[i] = w.Tag
	}
	return tags
}

// Say gives a text of the catalogue. A key that there is not is a defect: every language has all of them.
func (w *Words) Say(key string, v *Values) string {
	t, known := w.texts[key]
	if !known {
		panic("there are no words for " + key)
	}
	return t.Fill(v)
}

// Minutes says a duration as people do: to the nearest minute, and never none at all.
func (w *Words) Minutes(d time.Duration) string { return w.count(w.minutes, d) }

// shortMinutes says it with the unit that text messages have.
func (w *Words) shortMinutes(d time.Duration) string { return w.count(w.short, d) }

func (w *Words) count(p plurals, d time.Duration) string {
	n := max(1, int(math.Round(d.Minutes())))
	return p[w.form(n)].Fill(&Values{Number: strconv.Itoa(n)})
}

func (w *Words) form(n int) plural.Form { return plural.Cardinal.MatchPlural(w.tag, n, 0, 0, 0, 0) }
