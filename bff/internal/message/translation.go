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

// Translation holds all texts for end users in one language: a file of the folder languages. The keys are those of
// en.json, which describes each of them. A new language is a new file.
type Translation struct {
	Tag     string // the file's name and the language of pages, such as de
	tag     language.Tag
	texts   map[string]Template
	minutes plurals
	short   plurals // minutes in text messages
}

// plurals are the plural forms of a text, by the rules of the language.
type plurals map[plural.Form]Template

var pluralForms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

//go:embed languages/*.json
var languageFiles embed.FS

// sourceLanguage is the language that the others translate, and the fallback.
const sourceLanguage = "en"

var translations = mustLoad(languageFiles)

// catalog holds every language.
type catalog struct {
	all     []*Translation // the source language first, then by tag
	matcher language.Matcher
}

func mustLoad(files fs.FS) catalog {
	c, err := load(files)
	if err != nil {
		panic(err) // the files are embedded and read by every test
	}
	return c
}

// load reads every language. Each must have the same keys and placeholders as the source language.
func load(files fs.FS) (catalog, error) {
	names, err := fs.Glob(files, "languages/*.json")
	if err != nil {
		return catalog{}, err
	}
	slices.SortFunc(names, func(a, b string) int {
		if of := "languages/" + sourceLanguage + ".json"; a == of || b == of {
			return map[bool]int{true: -1, false: 1}[a == of]
		}
		return strings.Compare(a, b)
	})
	var c catalog
	var tags []language.Tag
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return catalog{}, err
		}
		var reference *Translation
		if len(c.all) > 0 {
			reference = c.all[0]
		}
		w, err := readTranslation(strings.TrimSuffix(path.Base(name), ".json"), data, reference)
		if err != nil {
			return catalog{}, fmt.Errorf("%s: %w", name, err)
		}
		c.all, tags = append(c.all, w), append(tags, w.tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// readTranslation reads one language. The reference is the source language, or nil for the source language itself.
func readTranslation(tag string, data []byte, reference *Translation) (*Translation, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	if err := strictjson.Decode(context.Background(), data, &texts, strictjson.Rules{}); err != nil {
		return nil, err
	}
	tr := &Translation{Tag: tag, tag: parsed, texts: map[string]Template{}, minutes: plurals{}, short: plurals{}}
	for key, text := range texts {
		t, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		name, form, _ := strings.Cut(key, ".")
		switch f, found := pluralForms[form]; {
		case name == "minutes" && found:
			tr.minutes[f] = t
		case name == "min" && found:
			tr.short[f] = t
		default:
			tr.texts[key] = t
		}
	}
	if err := tr.checkPlurals(); err != nil {
		return nil, err
	}
	return tr, tr.checkAgainst(reference)
}

// checkPlurals requires every plural form that a validity can need.
func (t *Translation) checkPlurals() error {
	for n := range 61 {
		f := t.pluralForm(n)
		if t.minutes[f].IsEmpty() || t.short[f].IsEmpty() {
			return fmt.Errorf("minutes or min lacks the plural form of %d", n)
		}
	}
	return nil
}

func (t *Translation) checkAgainst(reference *Translation) error {
	if reference == nil {
		return nil
	}
	for key, want := range reference.texts {
		settings, found := t.texts[key]
		if !found {
			return fmt.Errorf("the key %s is missing", key)
		}
		for h := noPlaceholder + 1; h < placeholderCount; h++ {
			if (settings.count(h) > 0) != (want.count(h) > 0) {
				return fmt.Errorf("%s: %s is in one of %s and %s only", key, h, t.Tag, reference.Tag)
			}
		}
	}
	for key := range t.texts {
		if _, found := reference.texts[key]; !found {
			return fmt.Errorf("the key %s is none of %s", key, reference.Tag)
		}
	}
	return nil
}

// ForLanguage returns the translation nearest to a language tag: the language itself, a related language that its
// speakers read, or English.
func ForLanguage(tag string) *Translation {
	for _, w := range translations.all {
		if w.Tag == tag {
			return w
		}
	}
	wanted, err := language.Parse(tag)
	if err != nil {
		return translations.all[0]
	}
	_, i, _ := translations.matcher.Match(wanted)
	return translations.all[i]
}

// Languages lists the available tags, English first.
func Languages() []string {
	tags := make([]string, len(translations.all))
	for i, w := range translations.all {
		tags[i] = w.Tag
	}
	return tags
}

// Text returns a text of the catalog. It panics on an unknown key, because every language has all keys.
func (t *Translation) Text(key string, v *Values) string {
	text, found := t.texts[key]
	if !found {
		panic("there are no words for " + key)
	}
	return text.Fill(v)
}

// Minutes formats a duration, rounded to the nearest minute and at least one.
func (t *Translation) Minutes(d time.Duration) string { return t.format(t.minutes, d) }

// shortMinutes formats a duration with the short unit for text messages.
func (t *Translation) shortMinutes(d time.Duration) string { return t.format(t.short, d) }

func (t *Translation) format(p plurals, d time.Duration) string {
	n := max(1, int(math.Round(d.Minutes())))
	return p[t.pluralForm(n)].Fill(&Values{Number: strconv.Itoa(n)})
}

func (t *Translation) pluralForm(n int) plural.Form {
	return plural.Cardinal.MatchPlural(t.tag, n, 0, 0, 0, 0)
}
