package strictjson

import (
	"context"
	"errors"
	"unicode/utf8"
)

// maxFaults bounds what Faults gives.
const maxFaults = 100

// lookAt is how many bytes are scanned between two looks at the context.
const lookAt = 64 << 10

// scanner walks a text once. Its stack has a fixed size.
type scanner struct {
	ctx     context.Context
	data    []byte
	pos     int
	look    int // where the context is looked at next
	rules   *Rules
	limit   int // levels
	depth   int
	levels  [MaxDepth]level
	object  uint32 // how many objects have begun
	budget  int    // bytes that the decoded value may still take
	names   nameSet
	name    []byte    // of the current member, where it has escapes
	scratch []byte    // of another
	all     *[]*Error // where faults are collected that do not end the scan; nil: every fault ends it
}

// level is an object or a list that has begun and not ended.
type level struct {
	shape  *shape // nil: nothing is read from it
	object bool
	loose  bool   // names may repeat: nothing is read from them
	id     uint32 // of the object
	name   uint32 // where the name of the current member begins, behind its quotation mark; 0: there is none yet
	index  int    // of the current element
	seen   uint64 // known members
}

// scan judges a text. It gives a nil *Error when there is no fault.
func scan(ctx context.Context, data []byte, root *shape, r Rules, all *[]*Error) *Error {
	s := scanner{ctx: ctx, data: data, rules: &r, limit: MaxDepth, budget: maxGrowth*len(data) + growthAllowance, all: all}
	if r.Depth > 0 {
		s.limit = min(r.Depth, MaxDepth)
	}
	switch {
	case len(data) > MaxSize:
		return s.fault(TooLarge, nil)
	case !utf8.Valid(data):
		return s.fault(NotUTF8, nil)
	}
	return s.text(root)
}

func (s *scanner) fault(k Kind, err error) *Error {
	return &Error{Kind: k, Path: s.path(), Offset: s.pos, Err: err}
}

// minor gives a fault that ends the scan, or notes it where all are collected.
func (s *scanner) minor(k Kind, err error) *Error {
	fault := s.fault(k, err)
	if s.all == nil || len(*s.all) >= maxFaults-1 {
		return fault
	}
	*s.all = append(*s.all, fault)
	return nil
}

// text scans the one value and what surrounds it.
func (s *scanner) text(root *shape) *Error {
	next, loose := root, false
	for {
		if s.pos >= s.look {
			if err := s.ctx.Err(); err != nil {
				return s.fault(Ended, err)
			}
			s.look = s.pos + lookAt
		}
		begun, err := s.value(next, loose)
		if err != nil {
			return err
		}
		first := begun
		for {
			if s.depth == 0 {
				return s.end()
			}
			l := &s.levels[s.depth-1]
			more, err := s.more(l, first)
			if err != nil {
				return err
			}
			if more {
				next, loose, err = s.advance(l)
				if err != nil {
					return err
				}
				break
			}
			s.depth--
			first = false
		}
	}
}

func (s *scanner) end() *Error {
	if s.blank(); s.pos < len(s.data) {
		return s.fault(Trailing, nil)
	}
	return nil
}

func (s *scanner) blank() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// peek skips blanks and gives the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.blank(); s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// more tells whether another item follows in the level, and takes the comma or the closing bracket.
func (s *scanner) more(l *level, first bool) (bool, *Error) {
	closing := byte(']')
	if l.object {
		closing = '}'
	}
	switch c := s.peek(); {
	case c == closing:
		s.pos++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.pos++
		return true, nil
	}
	return false, s.fault(Syntax, nil)
}

// advance takes what stands before the next value of the level, and gives the value's shape; nil: nothing is read from it.
func (s *scanner) advance(l *level) (*shape, bool, *Error) {
	if l.object {
		return s.member(l)
	}
	l.index++
	if l.shape == nil {
		return nil, l.loose, nil
	}
	elem := anyShape
	if l.shape.form == list {
		elem = l.shape.elem
	}
	if l.shape.opaque {
		return l.shape, l.loose, nil
	}
	return elem, l.loose, s.spend(3 * elem.cost)
}

func (s *scanner) spend(bytes int) *Error {
	if s.budget -= bytes; s.budget < 0 {
		return s.fault(TooMany, nil)
	}
	return nil
}

// member takes a name and its colon.
func (s *scanner) member(l *level) (next *shape, loose bool, err *Error) {
	if s.peek() != '"' {
		return nil, false, s.fault(Syntax, nil)
	}
	begin := s.pos + 1
	escaped, err := s.str()
	if err != nil {
		return nil, false, err
	}
	l.name = uint32(begin)
	name := s.data[begin : s.pos-1]
	if escaped {
		s.name = unescape(s.name[:0], name)
		name = s.name
	}
	if next, loose, err = s.known(l, name); err != nil {
		return nil, false, err
	}
	if s.peek() != ':' {
		return nil, false, s.fault(Syntax, nil)
	}
	s.pos++
	return next, loose, nil
}

// known judges a name, and gives the shape of its value.
func (s *scanner) known(l *level, name []byte) (next *shape, loose bool, err *Error) {
	switch {
	case l.loose:
		return nil, true, nil
	case l.shape == nil:
		return nil, false, s.once(l, name)
	case l.shape.opaque:
		if s.rules.Name != nil && !s.rules.Name(string(name)) {
			return nil, false, s.minor(Unknown, nil)
		}
		return l.shape, false, s.once(l, name)
	case l.shape.form == anything:
		if err := s.spend(memberCost); err != nil {
			return nil, false, err
		}
		return anyShape, false, s.once(l, name)
	case l.shape.form == table:
		if s.rules.Name != nil && !s.rules.Name(string(name)) {
			return nil, false, s.minor(Unknown, nil)
		}
		if err := s.spend(3*(16+l.shape.elem.cost) + tableCost); err != nil {
			return nil, false, err
		}
		return l.shape.elem, false, s.once(l, name)
	}
	f, is := l.shape.fields[string(name)]
	switch {
	case is && f.place < 0:
		return f.shape, false, s.once(l, name)
	case is && l.seen&(1<<f.place) != 0:
		return nil, false, s.minor(Repeated, nil)
	case is:
		l.seen |= 1 << f.place
		return f.shape, false, nil
	case l.shape.named(name):
		return nil, false, s.minor(OtherCase, nil)
	case s.rules.Unknown:
		return nil, true, nil
	case s.depth == 1 && s.rules.Private != nil && s.rules.Private(string(name)):
		return nil, false, s.once(l, name)
	}
	return nil, false, s.minor(Unknown, nil)
}

// once refuses a name that the object has had.
func (s *scanner) once(l *level, name []byte) *Error {
	if s.names.add(s, l.id, l.name, name) {
		return nil
	}
	return s.minor(Repeated, nil)
}

var errMore = errors.New("is cut short")

// value takes one value, of an object or list only its opening bracket: begun tells so.
func (s *scanner) value(as *shape, loose bool) (begun bool, err *Error) {
	switch c := s.peek(); c {
	case '{', '[':
		return true, s.open(c == '{', as, loose)
	case '"':
		begin := s.pos
		if _, err := s.str(); err != nil {
			return false, err
		}
		return false, s.fits(as, text, s.pos-begin)
	case 't':
		return false, s.word("true", as, boolean)
	case 'f':
		return false, s.word("false", as, boolean)
	case 'n':
		return false, s.word("null", as, anything)
	case 0:
		if s.pos >= len(s.data) {
			return false, s.fault(Syntax, errMore)
		}
		return false, s.fault(Syntax, nil)
	default:
		return false, s.digits(as)
	}
}

func (s *scanner) word(word string, as *shape, is form) *Error {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.fault(Syntax, nil)
	}
	s.pos += len(word)
	return s.fits(as, is, 0)
}

// open begins an object or a list.
func (s *scanner) open(object bool, as *shape, loose bool) *Error {
	if s.depth >= s.limit {
		return s.fault(TooDeep, nil)
	}
	is := list
	if object {
		is = record
	}
	if as != nil {
		cost := 0
		if as.form == anything && !as.opaque {
			cost = mapCost
			if object {
				cost += groupCost
			}
		}
		if err := s.spend(cost); err != nil {
			return err
		}
		fit := as.form == anything || as.form == is || object && as.form == table
		if !fit {
			if err := s.mistyped(as); err != nil {
				return err
			}
			as = nil // what is in it is checked, and not read
		}
	}
	s.pos++
	l := &s.levels[s.depth]
	*l = level{shape: as, object: object, loose: loose, index: -1}
	if object {
		s.object++
		l.id = s.object
	}
	s.depth++
	return nil
}

// fits refuses a value of another type than the shape's.
func (s *scanner) fits(as *shape, is form, length int) *Error {
	if as == nil {
		return nil
	}
	switch {
	case is == anything: // null
		if s.rules.Null {
			return nil
		}
	case as.form == anything:
		if as.opaque {
			return nil
		}
		return s.spend(length)
	case as.form == is, as.form == numeric && is == text:
		return nil
	}
	return s.mistyped(as)
}

func (s *scanner) mistyped(as *shape) *Error {
	return s.minor(WrongType, errors.New(wanted[as.form]))
}
