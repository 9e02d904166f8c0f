package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// Immutable is the Cache-Control of files whose names change with their content.
const Immutable = "public, max-age=31536000, immutable"

// Assets serves files under URLs that change with their content, so that browsers keep them for a year.
type Assets struct {
	files Files
	urls  map[string]string // by name
}

// NewAssets reads the named files of a folder. Their URLs begin with prefix, such as "/v-assets/".
func NewAssets(from fs.FS, folder, prefix string, names ...string) (Assets, error) {
	assets := Assets{files: Files{cache: Immutable, byPath: map[string]file{}}, urls: map[string]string{}}
	for _, name := range names {
		f, err := readFile(from, path.Join(folder, name))
		if err != nil {
			return Assets{}, err
		}
		plain := f.body[""]
		if small := compress(plain); len(small) < len(plain) {
			f.body["gzip"] = small
		}
		sum, ext := sha256.Sum256(plain), path.Ext(name)
		url := prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
		assets.files.byPath[url], assets.urls[name] = f, url
	}
	return assets, nil
}

// MustAssets is NewAssets for embedded files. It panics if one is missing.
func MustAssets(from fs.FS, folder, prefix string, names ...string) Assets {
	assets, err := NewAssets(from, folder, prefix, names...)
	if err != nil {
		panic(err)
	}
	return assets
}

// URL returns the path of a file by its name, for templates.
func (a Assets) URL(name string) (string, error) {
	url, found := a.urls[name]
	if !found {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return url, nil
}

// ServeHTTP serves the file of the request's path.
func (a Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.files.ServeHTTP(w, r) }

func compress(plain []byte) []byte {
	var small bytes.Buffer
	z, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // fails only for an unknown level
	_, _ = z.Write(plain)                                     // a buffer takes everything
	_ = z.Close()
	return small.Bytes()
}
