// Package migrations holds the steps that bring a database to what this version
// of the store needs: goose files, one text for SQLite and PostgreSQL.
//
// A file that was released is never changed; the next one follows it.
package migrations

import "embed"

// Files are the migrations, in order of their names.
//
//go:embed *.sql
var Files embed.FS
