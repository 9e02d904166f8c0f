package strictjson

import (
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// plainByte are the bytes that stand for themselves in a string.
var plainByte = func() (plain [256]bool) {
	for c := ' '; c < 256; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// str takes a string with its quotation marks, and tells whether it has escapes.
func (s *scanner) str() (escaped bool, err *Error) {
	i := s.pos + 1
	for {
		for i < len(s.data) && plainByte[s.data[i]] {
			i++
		}
		switch {
		case i >= len(s.data):
			s.pos = i
			return false, s.fault(Syntax, errMore)
		case s.data[i] == '"':
			s.pos = i + 1
			return escaped, nil
		case s.data[i] == '\\':
			n := escapeSize(s.data[i:])
			if n == 0 {
				s.pos = i
				return false, s.fault(Syntax, nil)
			}
			escaped = true
			i += n
		default: // a control character
			s.pos = i
			return false, s.fault(Syntax, nil)
		}
	}
}

// escapeSize tells how many bytes the escape has that the text begins with, or 0 when it is none.
func escapeSize(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(text); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads \uXXXX.
func hex4(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unescape appends a string's text with its escapes resolved, as encoding/json resolves them: half of a surrogate pair
// becomes U+FFFD. The escapes must be valid.
func unescape(to, text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			to = append(to, text[i])
			i++
			continue
		}
		switch c := text[i+1]; c {
		case 'u':
			r, _ := hex4(text[i:])
			i += 6
			if utf16.IsSurrogate(r) {
				low, ok := hex4(text[i:])
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			to = utf8.AppendRune(to, r)
			continue
		case 'b':
			to = append(to, '\b')
		case 'f':
			to = append(to, '\f')
		case 'n':
			to = append(to, '\n')
		case 'r':
			to = append(to, '\r')
		case 't':
			to = append(to, '\t')
		default:
			to = append(to, c)
		}
		i += 2
	}
	return to
}

// nameAt gives the name that begins there, its escapes resolved. The name was scanned before. The next call may
// overwrite what it gives.
func (s *scanner) nameAt(begin uint32) []byte {
	i, escaped := int(begin), false
	for s.data[i] != '"' {
		if s.data[i] == '\\' {
			escaped = true
			i++
		}
		i++
	}
	if name := s.data[begin:i]; !escaped {
		return name
	}
	s.scratch = unescape(s.scratch[:0], s.data[begin:i])
	return s.scratch
}

// digits takes a number.
func (s *scanner) digits(as *shape) *Error {
	begin, i := s.pos, s.pos
	run := func() int {
		from := i
		for i < len(s.data) && s.data[i] >= '0' && s.data[i] <= '9' {
			i++
		}
		return i - from
	}
	at := func(c byte) bool { return i < len(s.data) && s.data[i] == c }
	if at('-') {
		i++
	}
	zero := at('0')
	n := run()
	if n == 0 || zero && n > 1 {
		return s.fault(Syntax, nil)
	}
	integer, exponent := i, 0
	if at('.') {
		i++
		if run() == 0 {
			return s.fault(Syntax, nil)
		}
	}
	if at('e') || at('E') {
		i++
		if at('+') || at('-') {
			i++
		}
		if exponent = run(); exponent == 0 {
			return s.fault(Syntax, nil)
		}
	}
	s.pos = i
	switch {
	case as == nil:
		return nil
	case i-begin > maxNumber || exponent > 3:
		return s.minor(Number, nil)
	case as.form == whole && (integer != i || !as.holds(s.data[begin:i])):
		return s.mistyped(as)
	case as.form == whole || as.form == numeric:
		return nil
	}
	return s.fits(as, number, i-begin)
}

// holds tells whether an integer of the shape can have the value.
func (s *shape) holds(digits []byte) bool {
	negative := digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	var value uint64
	for _, c := range digits {
		d := uint64(c - '0')
		if value > (math.MaxUint64-d)/10 {
			return false
		}
		value = value*10 + d
	}
	limit := uint64(math.MaxUint64) >> (64 - s.bits)
	if s.signed {
		limit >>= 1
		if negative {
			limit++
		}
		return value <= limit
	}
	return !negative && value <= limit
}
