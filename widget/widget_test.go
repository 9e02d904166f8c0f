package widget

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestLoadGivesThePageAndItsAssets(t *testing.T) {
	page, files, err := load(fstest.MapFS{
		"dist/pod.html":              {Data: []byte("page")},
		"dist/pod-assets/pod-abc.js": {Data: []byte("script")},
	})
	if err != nil || string(page) != "page" {
		t.Fatalf("got %q, %v", page, err)
	}
	if script, err := fs.ReadFile(files, "pod-assets/pod-abc.js"); err != nil || string(script) != "script" {
		t.Errorf("got %q, %v", script, err)
	}
}

func TestLoadSaysWhenThePodIsNotBuilt(t *testing.T) {
	if _, _, err := load(fstest.MapFS{"dist/.gitkeep": {}}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("got %v, want ErrNotBuilt", err)
	}
}
