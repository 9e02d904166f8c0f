// Package policyfile reads and writes policies as a YAML file: what the tenant sets, and what each of its clients
// overrides. It is what "shieldpod policy export" and "shieldpod policy apply" speak.
//
// Start with [Parse], which refuses every value that is not certain and gives its line. [Changes] tells two levels
// apart. [File.Format] writes the same bytes for the same policies.
package policyfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/sdk/api"
)

// File is what a policy file says.
type File struct {
	Default *Level  // the tenant's; nil: the file does not name it
	Clients []Level // by id
}

// Level is what the tenant, or one client, sets.
type Level struct {
	Client  string // empty: the tenant's default
	Name    string // the client's; empty: as it was
	Version *int64 // from which the edit was made; nil: from the current one
	Fields  api.PolicyFields

	file  string
	lines map[string]int // by path within the level
}

// Of is a level as the API tells it.
func Of(s api.PolicyOverrides) Level {
	return Level{Client: s.ClientId, Name: s.Name, Version: &s.Version, Fields: s.Fields}
}

// Levels are the file's, the tenant's default first.
func (f File) Levels() []Level {
	if f.Default == nil {
		return slices.Clone(f.Clients)
	}
	return append([]Level{*f.Default}, f.Clients...)
}

// Path of the level in a file.
func (l Level) Path() string {
	if l.Client == "" {
		return defaultKey
	}
	return join(clientsKey, l.Client)
}

// Problem says what is wrong with one of the level's values, named by its path in the level, such as banner.text;
// empty: with the level. It stands where the file has the value, or what is nearest around it.
func (l Level) Problem(path, text string) Problem {
	p := Problem{File: l.file, Path: l.Path(), Text: text}
	if path != "" {
		p.Path += "." + path
	}
	for near := path; p.Line == 0 && l.lines != nil; {
		p.Line = l.lines[near]
		if near == "" {
			break
		}
		near = near[:max(strings.LastIndexAny(near, ".["), 0)]
	}
	return p
}

// Problem is one thing for which a file is refused.
type Problem struct {
	File string
	Line int    // from 1; 0: of the file as a whole
	Path string // such as clients.contoso.code_length; may be empty
	Text string
}

// Error is the problem as compilers write them: file:line: path: text.
func (p Problem) Error() string {
	parts := []string{p.File}
	if p.Line > 0 {
		parts[0] += ":" + strconv.Itoa(p.Line)
	}
	if p.Path != "" {
		parts = append(parts, p.Path)
	}
	return strings.Join(append(parts, p.Text), ": ")
}

// Problems are all for which a file is refused, in its order.
type Problems []Problem

// toldMost bounds how many problems are told at a time.
const toldMost = 20

// Error has a line for each problem, of the first 20.
func (ps Problems) Error() string {
	lines := make([]string, 0, toldMost+1)
	for _, p := range ps[:min(len(ps), toldMost)] {
		lines = append(lines, p.Error())
	}
	if more := len(ps) - toldMost; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// The keys of a file beside a policy's fields.
const (
	defaultKey = "default"
	clientsKey = "clients"
	nameKey    = "name"
	versionKey = "version"
)

var simpleKey = regexp.MustCompile(`^[A-Za-z0-9_*-]+$`)

// join makes the path of a key; one with other characters is written so that it can't be taken for a path itself.
func join(path, key string) string {
	switch {
	case !simpleKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}
