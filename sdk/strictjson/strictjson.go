// Package strictjson decodes JSON from untrusted sources.
//
// encoding/json accepts repeated names, names in another case and 10,000 levels of nesting, and a small text can make it
// allocate a lot. [Decode] scans the text once before encoding/json sees it: in linear time, with a stack of fixed size,
// and without building paths or values. It refuses what is ambiguous or out of proportion, and names the place.
//
// Bounds: at most [MaxDepth] levels, numbers of at most 64 characters, and a decoded value of at most about 12 times the
// text, plus 64 KiB. The scan itself allocates nothing for objects of a struct's known members, and about 16 bytes
// for each name in other objects.
//
// Start with [Decode] for a contract of our own, and with [Unmarshal] for answers of other systems and stored values.
package strictjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Bounds of every text.
const (
	MaxDepth  = 32       // levels of objects and lists
	MaxSize   = 64 << 20 // bytes
	maxNumber = 64       // characters
)

// A decoded value may take maxGrowth bytes for each byte of the text, and growthAllowance more.
const (
	maxGrowth       = 12
	growthAllowance = 64 << 10
)

// Rules say what is refused besides text that is not JSON. The zero value is the strictest.
type Rules struct {
	// Depth bounds the levels of objects and lists. Zero stands for MaxDepth, which is also the most.
	Depth int
	// Unknown accepts members that the type does not have. Nothing is read from them, so they may repeat.
	// A member whose name differs from a known one in case only is refused nevertheless: encoding/json would read it.
	Unknown bool
	// Null accepts null for every value. encoding/json then leaves the target as it was.
	Null bool
	// Numbers reads the numbers of an interface as json.Number instead of float64.
	Numbers bool
	// Name judges the keys of maps and the names in json.RawMessage, which no type can. One that it refuses is Unknown.
	// Nil: it accepts all.
	Name func(name string) bool
	// Private accepts unknown members of the outermost object by their names, which must not repeat.
	Private func(name string) bool
}

// Decode reads one JSON value in UTF-8 into what v points to, and nothing after it. The scan ends when ctx does.
// The error is an [*Error]; v may then hold a part of the value.
func Decode(ctx context.Context, data []byte, v any, r Rules) error {
	root := shapeOf(reflect.TypeOf(v))
	if err := scan(ctx, data, root, r, nil); err != nil {
		return err
	}
	return unmarshal(data, v, r)
}

// Unmarshal reads an answer of another system or a stored value: as Decode, with unknown members and null accepted.
func Unmarshal(data []byte, v any) error {
	return Decode(context.Background(), data, v, Rules{Unknown: true, Null: true})
}

// Check judges a text of any shape. Rules.Unknown and Rules.Private mean nothing here: every name is checked.
func Check(ctx context.Context, data []byte, r Rules) error {
	if err := scan(ctx, data, anyShape, r, nil); err != nil {
		return err
	}
	return nil
}

// Faults gives every fault of a text, up to 100, in the order of the text. Faults of the syntax end the list.
// What can be read is in what v points to.
func Faults(data []byte, v any, r Rules) []*Error {
	var all []*Error
	root := shapeOf(reflect.TypeOf(v))
	if err := scan(context.Background(), data, root, r, &all); err != nil {
		return append(all, err)
	}
	if err := unmarshal(data, v, r); err != nil && len(all) == 0 {
		var fault *Error
		errors.As(err, &fault)
		all = append(all, fault)
	}
	return all
}

// unmarshal decodes a text that was scanned. What can still fail is a type's own decoder.
func unmarshal(data []byte, v any, r Rules) error {
	var err error
	if r.Numbers {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		err = d.Decode(v)
	} else {
		err = json.Unmarshal(data, v)
	}
	if err == nil {
		return nil
	}
	fault := &Error{Kind: WrongType, Err: err}
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		fault.Path = mistyped.Field
	}
	return fault
}

// Read reads a text of at most limit bytes to its end. The memory grows with what has arrived, not with what a header
// announces. TooLarge: it is longer. Ended: ctx has ended. Other errors are the reader's.
func Read(ctx context.Context, from io.Reader, limit int64) ([]byte, error) {
	data := make([]byte, 0, min(limit+1, 1<<10))
	for {
		if err := ctx.Err(); err != nil {
			return nil, &Error{Kind: Ended, Err: err}
		}
		n, err := from.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, &Error{Kind: TooLarge, Err: fmt.Errorf("is longer than %d bytes", limit)}
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		}
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(2*int64(cap(data)), limit+1))
			copy(grown, data)
			data = grown
		}
	}
}
