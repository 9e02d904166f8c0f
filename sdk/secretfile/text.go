package secretfile

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const blank = "\x00\r\n\t\v\f \u0085\u00a0\u2028\u2029\ufeff"

// Text decodes UTF-8 and UTF-16, with and without a byte order mark, and drops blanks and NULs around it.
func Text(data []byte) (string, error) {
	text, err := decode(data)
	if err != nil {
		return "", err
	}
	text = strings.Trim(text, blank)
	switch {
	case text == "":
		return "", ErrEmpty
	case !utf8.ValidString(text):
		return "", ErrNotText
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return "", ErrControl
		}
	}
	return text, nil
}

// Line gives a value that may hold any visible character, such as a password: the only line of data.
// Quotes around it, and a NAME= before it, are refused, because they could be part of it.
func Line(data []byte) (string, error) {
	text, err := Text(data)
	if err != nil {
		return "", err
	}
	switch {
	case strings.ContainsFunc(text, smartQuote):
		return "", ErrSmartQuotes
	case strings.ContainsAny(text, "\r\n"):
		return "", ErrLines
	case assignment.MatchString(text):
		return "", ErrAssignment
	case quoted(text):
		return "", ErrQuotes
	case strings.ContainsFunc(text, invisible):
		return "", ErrInvisible
	}
	return text, nil
}

// Token gives a value of letters, digits and signs of ASCII in which neither spaces nor quotes can stand, such as base64:
// line breaks and spaces within it, quotes around it, a NAME= before it and the BEGIN and END lines of a public key are
// dropped.
func Token(data []byte) (string, error) {
	text, err := Text(data)
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(text, smartQuote) {
		return "", ErrSmartQuotes
	}
	if at := assignment.FindStringSubmatch(text); at != nil {
		text = strings.TrimSpace(strings.TrimPrefix(text, at[1]))
	}
	if quoted(text) {
		text = text[1 : len(text)-1]
	}
	text = publicArmor.ReplaceAllString(text, "")
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\r`, ""), `\n`, "")
	text = strings.Join(strings.Fields(text), "")
	for _, r := range text {
		switch {
		case invisible(r):
			return "", ErrInvisible
		case dash(r):
			return "", ErrSmartDash
		case r > '~':
			return "", ErrNotASCII
		}
	}
	if text == "" {
		return "", ErrEmpty
	}
	return text, nil
}

// Secret gives a secret as bytes. Text is read as by [Line]; spaces in it are refused. Random bytes are taken as they
// are, to the last one.
func Secret(data []byte) ([]byte, error) {
	if isBinary(data) {
		return bytes.Clone(data), nil
	}
	text, err := Line(data)
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}

// isBinary tells random bytes from text, whose letters are mostly ASCII in any encoding.
func isBinary(data []byte) bool {
	if text, err := decode(data); err == nil && utf8.ValidString(text) && mostlyASCII(text) {
		return false
	}
	ascii := 0
	for _, b := range data {
		if b >= ' ' && b <= '~' || b == '\r' || b == '\n' || b == '\t' {
			ascii++
		}
	}
	return ascii*10 < len(data)*9
}

func mostlyASCII(text string) bool {
	ascii, all := 0, 0
	for _, r := range strings.Trim(text, blank) {
		all++
		if r >= ' ' && r <= '~' || r == '\r' || r == '\n' || r == '\t' {
			ascii++
		}
	}
	return ascii*10 >= all*7
}

func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe, 0, 0}), bytes.HasPrefix(data, []byte{0, 0, 0xfe, 0xff}):
		return "", ErrUTF32
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return fromUTF16(data[2:], binary.BigEndian)
	case everySecondIsZero(data, 1):
		return fromUTF16(data, binary.LittleEndian)
	case everySecondIsZero(data, 0):
		return fromUTF16(data, binary.BigEndian)
	}
	return string(bytes.TrimPrefix(data, []byte("\ufeff"))), nil
}

// everySecondIsZero knows UTF-16 of ASCII text without a byte order mark.
func everySecondIsZero(data []byte, first int) bool {
	if len(data) < 4 || len(data)%2 != 0 {
		return false
	}
	for i := 0; i < len(data); i += 2 {
		if data[i+first] != 0 || data[i+1-first] == 0 {
			return false
		}
	}
	return true
}

func fromUTF16(data []byte, order binary.ByteOrder) (string, error) {
	if len(data)%2 != 0 {
		return "", ErrUTF16
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text := string(utf16.Decode(units))
	if strings.ContainsRune(text, utf8.RuneError) {
		return "", ErrUTF16
	}
	return text, nil
}

// assignment is the start of a line of an environment file, a shell or PowerShell script, or YAML.
var assignment = regexp.MustCompile(`^(` +
	`(?:export|set|setx|declare -x)\s+[A-Za-z_][A-Za-z0-9_]*\s*=\s*` + // a shell's
	`|\$env:[A-Za-z_][A-Za-z0-9_]*\s*=\s*` + // PowerShell's
	`|[A-Z][A-Z0-9]*_[A-Z0-9_]*\s*=\s*` + // SHIELDPOD_MASTER_KEY=
	`|(?i:[a-z0-9_.-]*(?:key|secret|token|password|passwd|pwd|pass))\s*(?:=|:\s)\s*` + // password: in YAML
	`)[^\s=]`)

// publicArmor stands around a public key in PEM.
var publicArmor = regexp.MustCompile(`-----(?:BEGIN|END) PUBLIC KEY-----`)

func quoted(text string) bool {
	if len(text) < 2 {
		return false
	}
	first, last := text[0], text[len(text)-1]
	return first == last && (first == '"' || first == '\'' || first == '`')
}

func smartQuote(r rune) bool {
	switch r {
	case '\u2018', '\u2019', '\u201a', '\u201b', '\u201c', '\u201d', '\u201e',
		'\u201f', '\u2032', '\u2033', '\u00ab', '\u00bb', '\u2039', '\u203a',
		'\u300c', '\u300d', '\uff02', '\uff07':
		return true
	}
	return false
}

func dash(r rune) bool { return r >= '\u2010' && r <= '\u2015' || r == '\u2212' || r == '\u00ad' }

// invisible characters and spaces other than the space bar's.
func invisible(r rune) bool {
	return r != ' ' && unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc, unicode.Zs) && r != ' ' || r == utf8.RuneError
}
