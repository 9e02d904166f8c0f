// Package secretfile reads secrets and keys from files as editors, shells and other systems write them.
//
// A byte order mark, UTF-16, carriage returns, spaces and NULs around the value, and indented PEM are read rightly.
// What could be read in two ways is refused with a sentence that says what to change.
//
// Start with [Read], which also refuses files that other users can read, and then [Line], [Token], [Secret] or [PEM].
// The same four functions read values of environment variables.
package secretfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// MaxSize of a secret's file, in bytes.
const MaxSize = 64 << 10

// Refusals of content. Their texts are sentences for people and hold nothing of the content.
var (
	ErrEmpty       = errors.New("it is empty")
	ErrTooLarge    = errors.New("it is over 64 KiB, too large for a secret")
	ErrUTF16       = errors.New("it is cut-off or damaged UTF-16: save it again as UTF-8 or plain text")
	ErrUTF32       = errors.New("it is written in UTF-32: save it again as UTF-8 or plain text")
	ErrNotText     = errors.New("it holds bytes that are no text: save it again as UTF-8 or plain text")
	ErrControl     = errors.New("it holds a control character inside the value: write the value anew")
	ErrInvisible   = errors.New("it holds an invisible character or a special space inside the value: write the value anew in a plain text editor")
	ErrQuotes      = errors.New("it has quotes around the value: remove them")
	ErrSmartQuotes = errors.New("it holds typographic quotes, as word processors write them: write the value anew in a plain text editor")
	ErrSmartDash   = errors.New("it holds a typographic dash, as word processors write it: write the value anew in a plain text editor")
	ErrAssignment  = errors.New("it holds a NAME=value line: leave only the value")
	ErrLines       = errors.New("it holds more than one line: leave only the value")
	ErrNotASCII    = errors.New("it holds a letter or sign that the value can't have: write the value anew in a plain text editor")
)

// Read gives the content of the file at path. It follows symbolic links, and looks at what they lead to.
//
// On Unix it refuses a file that belongs to another user (root's may be read by the group, too), one that the group or
// others can read or write, and one in a folder in which every user can replace it. A pipe is read as it is: only this
// process has it. On Windows permissions are not looked at.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, plain(err)
	}
	switch {
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name the file in it", path)
	case info.Mode().IsRegular():
		if err := checkPrivate(path, info); err != nil {
			return nil, err
		}
	case info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) == 0:
		return nil, fmt.Errorf("%s is not a file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	switch {
	case err != nil:
		return nil, plain(err)
	case len(data) > MaxSize:
		return nil, fmt.Errorf("%s can't be used: %w", path, ErrTooLarge)
	case len(bytes.Trim(data, "\x00\r\n\t ")) == 0:
		return nil, fmt.Errorf("%s can't be used: %w", path, ErrEmpty)
	}
	return data, nil
}

// ReadLine is [Read] and [Line].
func ReadLine(path string) (string, error) { return readAs(path, Line) }

// ReadToken is [Read] and [Token].
func ReadToken(path string) (string, error) { return readAs(path, Token) }

// ReadSecret is [Read] and [Secret].
func ReadSecret(path string) ([]byte, error) { return readAs(path, Secret) }

// ReadPEM is [Read] and [PEM].
func ReadPEM(path string) ([]byte, error) { return readAs(path, PEM) }

func readAs[T any](path string, parse func([]byte) (T, error)) (value T, err error) {
	data, err := Read(path)
	if err != nil {
		return value, err
	}
	if value, err = parse(data); err != nil {
		return value, fmt.Errorf("%s can't be used: %w", path, err)
	}
	return value, nil
}

// plain words the errors that people meet most.
func plain(err error) error {
	var at *os.PathError
	switch {
	case !errors.As(err, &at):
		return err
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no file %s", at.Path)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s can't be read by this user", at.Path)
	}
	return err
}
