package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// form is the kind of JSON that a type is decoded from.
type form uint8

const (
	anything form = iota // an interface, or a type with a decoder of its own
	record               // a struct
	table                // a map
	list
	text
	boolean
	whole   // an integer
	number  // a float
	numeric // json.Number: a number, or a string of one
)

var wanted = [...]string{
	anything: "must not be null", record: "must be an object", table: "must be an object", list: "must be a list", text: "must be a string",
	boolean: "must be true or false", whole: "must be a whole number", number: "must be a number", numeric: "must be a number",
}

// shape is what the scan knows of a type.
type shape struct {
	form   form
	fields map[string]field // of a record
	known  [][]byte         // the fields' names
	elem   *shape           // of a list or table
	cost   int              // bytes that one value takes beside its text; of an element three times, for lists grow by copying
	bits   int              // of a whole number
	signed bool
	opaque bool // a value is kept as text, or read by a decoder of its own
}

type field struct {
	place int // in the set of members that were seen, or -1: the set is full
	shape *shape
}

// named tells whether encoding/json would take the name for one of the fields.
func (s *shape) named(name []byte) bool {
	return slices.ContainsFunc(s.known, func(known []byte) bool { return bytes.EqualFold(known, name) })
}

var anyShape = &shape{form: anything, cost: anyCost}

// What values of an interface take beside their text: the words of a value, of a map, of a member of a map with what its
// growing wastes, and of a map's first group. tableCost is what a member of a typed map takes beside its key and value.
const (
	anyCost    = 16
	mapCost    = 48
	memberCost = 144
	groupCost  = 280
	tableCost  = 48
)

var (
	shapes sync.Map // from reflect.Type to *shape
	making sync.Mutex

	ownDecoder  = reflect.TypeFor[json.Unmarshaler]()
	textDecoder = reflect.TypeFor[encoding.TextUnmarshaler]()
	numberType  = reflect.TypeFor[json.Number]()
	rawType     = reflect.TypeFor[json.RawMessage]()
)

// shapeOf gives the shape of what a pointer of type t points to.
func shapeOf(t reflect.Type) *shape {
	if t == nil {
		return anyShape
	}
	if known, is := shapes.Load(t); is {
		return known.(*shape)
	}
	making.Lock()
	defer making.Unlock()
	made := map[reflect.Type]*shape{}
	s := makeShape(t, made)
	shapes.Store(t, s)
	return s
}

// makeShape knows the types that are being made, so that a type may hold itself.
func makeShape(t reflect.Type, made map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, is := made[t]; is {
		return s
	}
	s := &shape{cost: int(t.Size())}
	made[t] = s
	pointer := reflect.PointerTo(t)
	switch {
	case t == numberType:
		s.form = numeric
		return s
	case t == rawType || pointer.Implements(ownDecoder):
		s.form, s.opaque = anything, true
		return s
	case pointer.Implements(textDecoder):
		s.form = text
		return s
	}
	switch t.Kind() {
	case reflect.Struct:
		s.form, s.fields = record, map[string]field{}
		s.addFields(t, made)
	case reflect.Map:
		s.form, s.elem = table, makeShape(t.Elem(), made)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			s.form = text // base64
			return s
		}
		s.form, s.elem = list, makeShape(t.Elem(), made)
	case reflect.Array:
		s.form, s.elem = list, makeShape(t.Elem(), made)
	case reflect.String:
		s.form = text
	case reflect.Bool:
		s.form = boolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.form, s.bits, s.signed = whole, t.Bits(), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		s.form, s.bits = whole, t.Bits()
	case reflect.Float32, reflect.Float64:
		s.form = number
	default:
		s.form = anything
	}
	return s
}

// addFields adds the members of a struct, and those of structs that are embedded in it without a name, as encoding/json
// finds them.
func (s *shape) addFields(t reflect.Type, made map[reflect.Type]*shape) {
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case tagged && tag == "-":
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			embedded = append(embedded, inner)
		case !f.IsExported():
		default:
			if name == "" {
				name = f.Name
			}
			value := makeShape(f.Type, made)
			if strings.Contains(","+options+",", ",string,") {
				value = &shape{form: anything, opaque: true, cost: value.cost}
			}
			s.addField(name, value)
		}
	}
	for _, inner := range embedded { // the outer names win
		s.addFields(inner, made)
	}
}

func (s *shape) addField(name string, value *shape) {
	if _, taken := s.fields[name]; taken {
		return
	}
	place := len(s.fields)
	if place >= 64 {
		place = -1
	}
	s.fields[name] = field{place: place, shape: value}
	s.known = append(s.known, []byte(name))
}
