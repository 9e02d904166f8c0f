package connectwise

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// matcher reports whether a record matches.
type matcher func(record) bool

// parseConditions reads conditions such as `company/id=5 and (closedFlag=False or summary like "%vpn%")`. Empty
// conditions match every record.
func parseConditions(text string) (matcher, error) {
	words, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return func(record) bool { return true }, nil
	}
	p := parser{words: words}
	fits, err := p.or()
	if err == nil && p.at < len(words) {
		err = fmt.Errorf("nothing was expected at %q", words[p.at])
	}
	return fits, err
}

var token = regexp.MustCompile(`^\s*("[^"]*"|'[^']*'|\[[^\]]*\]|<=|>=|!=|<>|[=<>(),]|[\w./-]+)`)

func tokenize(text string) ([]string, error) {
	var words []string
	for strings.TrimSpace(text) != "" {
		found := token.FindStringSubmatch(text)
		if found == nil {
			return nil, fmt.Errorf("conditions can't be read from %q", strings.TrimSpace(text))
		}
		words = append(words, found[1])
		text = text[len(found[0]):]
	}
	return words, nil
}

type parser struct {
	words []string
	at    int
}

func (p *parser) next() string {
	if p.at == len(p.words) {
		return ""
	}
	p.at++
	return p.words[p.at-1]
}

// take skips the next word if it is this one.
func (p *parser) take(want string) bool {
	if p.at < len(p.words) && strings.EqualFold(p.words[p.at], want) {
		p.at++
		return true
	}
	return false
}

func (p *parser) or() (matcher, error) {
	left, err := p.and()
	for err == nil && p.take("or") {
		var right matcher
		one := left
		right, err = p.and()
		left = func(it record) bool { return one(it) || right(it) }
	}
	return left, err
}

func (p *parser) and() (matcher, error) {
	left, err := p.term()
	for err == nil && p.take("and") {
		var right matcher
		one := left
		right, err = p.term()
		left = func(it record) bool { return one(it) && right(it) }
	}
	return left, err
}

func (p *parser) term() (matcher, error) {
	if p.take("(") {
		fits, err := p.or()
		if err == nil && !p.take(")") {
			err = errors.New("a bracket is not closed")
		}
		return fits, err
	}
	path := p.next()
	if path == "" || strings.ContainsAny(path[:1], `"'[=<>!(),`) {
		return nil, fmt.Errorf("a field was expected at %q", path)
	}
	not := p.take("not")
	operator := strings.ToLower(p.next())
	fits, err := p.compare(path, operator)
	if err != nil || !not {
		return fits, err
	}
	if operator != "like" && operator != "contains" && operator != "in" {
		return nil, fmt.Errorf("not %s is no operator", operator)
	}
	return func(it record) bool { return !fits(it) }, nil
}

func (p *parser) compare(path, operator string) (matcher, error) {
	if operator == "in" {
		return p.in(path)
	}
	value, err := literal(p.next())
	if err != nil {
		return nil, err
	}
	switch operator {
	case "=":
		return func(it record) bool { return equal(fieldAt(it, path), value) }, nil
	case "!=", "<>":
		return func(it record) bool { return !equal(fieldAt(it, path), value) }, nil
	case "<":
		return func(it record) bool { return compare(fieldAt(it, path), value) < 0 }, nil
	case ">":
		return func(it record) bool { return compare(fieldAt(it, path), value) > 0 }, nil
	case "<=", ">=":
		return func(it record) bool {
			c := compare(fieldAt(it, path), value)
			return equal(fieldAt(it, path), value) || operator == "<=" && c < 0 || operator == ">=" && c > 0
		}, nil
	case "like", "contains":
		pattern, isText := value.(string)
		if !isText {
			return nil, fmt.Errorf("%s takes text", operator)
		}
		if operator == "contains" {
			pattern = "%" + pattern + "%"
		}
		expression := regexp.MustCompile("(?is)^" + strings.NewReplacer("%", ".*", `\*`, ".*").Replace(regexp.QuoteMeta(pattern)) + "$")
		return func(it record) bool {
			text, ok := fieldAt(it, path).(string)
			return ok && expression.MatchString(text)
		}, nil
	}
	return nil, fmt.Errorf("%q is no operator", operator)
}

func (p *parser) in(path string) (matcher, error) {
	if !p.take("(") {
		return nil, errors.New("in takes a list in brackets")
	}
	var values []any
	for {
		value, err := literal(p.next())
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if p.take(")") {
			break
		}
		if !p.take(",") {
			return nil, errors.New("a bracket is not closed")
		}
	}
	return func(it record) bool {
		for _, value := range values {
			if equal(fieldAt(it, path), value) {
				return true
			}
		}
		return false
	}, nil
}

// literal reads a number, "text", [time], True, False or null.
func literal(text string) (any, error) {
	if text == "" {
		return nil, errors.New("a value is missing")
	}
	switch first, last := text[0], text[len(text)-1]; {
	case first == '"' || first == '\'' || first == '[' && last == ']':
		return text[1 : len(text)-1], nil
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	case strings.EqualFold(text, "null"):
		return nil, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no value", text)
	}
	return n, nil
}

func equal(a, b any) bool {
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		return ok && strings.EqualFold(x, y)
	}
	return a == b
}
