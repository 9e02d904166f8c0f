package launch

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// languageNames maps the names of the message languages, as ticket systems' pick lists have them, to their tags.
var languageNames = map[string]string{
	"english": "en", "englisch": "en", "anglais": "en", "inglés": "en", "engels": "en",
	"german": "de", "deutsch": "de", "allemand": "de", "alemán": "de", "duits": "de",
	"french": "fr", "französisch": "fr", "français": "fr", "francés": "fr", "frans": "fr",
	"spanish": "es", "spanisch": "es", "espagnol": "es", "español": "es", "spaans": "es",
	"dutch": "nl", "niederländisch": "nl", "néerlandais": "nl", "neerlandés": "nl", "nederlands": "nl",
}

// readLanguage gives the tag (BCP 47) of a language as ticket systems write it: "de-AT", "de_AT", "DE-at",
// "de_DE.UTF-8", "fr-CA,fr;q=0.8", "German". False: the value can't be read. An empty value is no language, and no
// error.
func readLanguage(written string) (tag string, ok bool) {
	first, _, _ := strings.Cut(text.Value(written), ",")
	first, _, _ = strings.Cut(first, ";")
	first, _, _ = strings.Cut(first, "@") // de_DE@euro
	first, _, _ = strings.Cut(first, ".") // de_DE.UTF-8
	first = text.Value(first)
	if first == "" {
		return "", text.Value(written) == ""
	}
	if tag, known := languageNames[strings.ToLower(first)]; known {
		return tag, true
	}
	parsed, err := language.Parse(first)
	base, script, region := parsed.Raw()
	if err != nil || base == (language.Base{}) || base.String() == "und" {
		return "", false
	}
	// Variants and extensions do not affect the language of a message.
	if parsed, err = language.Compose(base, script, region); err != nil || !locale.IsLanguage(parsed.String()) {
		return "", false
	}
	return parsed.String(), true
}
