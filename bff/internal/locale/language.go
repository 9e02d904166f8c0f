package locale

import "regexp"

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// IsLanguage tells whether the text has the form of a language's tag (BCP 47); whether there are words in
// that language is not asked here.
func IsLanguage(tag string) bool { return languageTag.MatchString(tag) }
