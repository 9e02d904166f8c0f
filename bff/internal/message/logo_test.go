package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func testImage(width, height int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			m.Set(x, y, color.NRGBA{uint8(x), uint8(y), 90, 200})
		}
	}
	return m
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webp is a lossless picture of one pixel.
var webp, _ = base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")

// pngHeader returns the header of a PNG of a size, without pixels.
func pngHeader(width, height uint32) []byte {
	return pngWithChunk("IHDR", append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height), 8, 6, 0, 0, 0))
}

func pngWithChunk(name string, data []byte) []byte {
	file := []byte("\x89PNG\r\n\x1a\n")
	file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
	body := append([]byte(name), data...)
	file = append(file, body...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(body))
}

// animatedPNG returns a PNG with an animation chunk after its header.
func animatedPNG(file []byte) []byte {
	const head = 8 + 12 + 13
	chunk := pngWithChunk("acTL", make([]byte, 8))[8:]
	return append(append(bytes.Clone(file[:head]), chunk...), file[head:]...)
}

// progressiveJPEG returns a progressive JPEG of 64 by 64 pixels with a number of empty scans.
func progressiveJPEG(scans int) []byte {
	file := append([]byte("\xff\xd8\xff\xdb\x00\x43\x00"), bytes.Repeat([]byte{1}, 64)...) // quantization table
	file = append(file, "\xff\xc2\x00\x0b\x08\x00\x40\x00\x40\x01\x01\x11\x00"...)         // progressive, one component
	file = append(file, "\xff\xc4\x00\x14\x10\x01"+strings.Repeat("\x00", 15)+"\x60"...)   // one symbol: a run of 64 blocks or more
	scan := []byte("\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10" + "\x00")                    // one scan with that symbol
	return append(append(file, bytes.Repeat(scan, scans)...), "\xff\xd9"...)
}

func TestALogoIsAcceptedOrRefusedWithAReason(t *testing.T) {
	small := encodePNG(t, testImage(60, 20))
	var asJPEG, asGIF bytes.Buffer
	if err := errors.Join(jpeg.Encode(&asJPEG, testImage(60, 20), nil), gif.Encode(&asGIF, testImage(60, 20), nil)); err != nil {
		t.Fatal(err)
	}
	vp8x := append([]byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00"), make([]byte, 6)...)
	for _, c := range []struct {
		name   string
		file   []byte
		width  int
		height int
		want   string // of the refusal
	}{
		{"a PNG", small, 60, 20, ""},
		{"a JPEG", asJPEG.Bytes(), 60, 20, ""},
		{"a WebP", webp, 1, 1, ""},
		{"one that is larger than shown is scaled down", encodePNG(t, testImage(1200, 100)), 480, 40, ""},
		{"one that is higher than shown too", encodePNG(t, testImage(100, 800)), 20, 160, ""},
		{"a line stays a line", encodePNG(t, testImage(2000, 1)), 480, 1, ""},
		{"nothing", nil, 0, 0, "There is no picture in the body."},
		{"a text", []byte("hello"), 0, 0, "This is no PNG, JPEG or WebP."},
		{"a GIF", asGIF.Bytes(), 0, 0, "This is no PNG, JPEG or WebP."},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), 0, 0, "An SVG can carry scripts"},
		{"an SVG behind a prologue", []byte("\xef\xbb\xbf\n<?xml version=\"1.0\"?><!-- x --><SVG/>"), 0, 0, "An SVG can carry scripts"},
		{"one that is cut short", small[:len(small)-30], 0, 0, "This picture is damaged or cut short."},
		{"one that is cut in its head", small[:20], 0, 0, "This picture is damaged or cut short."},
		{"a bit that is flipped", withByteFlipped(small, len(small)-20), 0, 0, "This picture is damaged or cut short."},
		{"a bomb: few bytes that claim many pixels", pngHeader(60_000, 60_000), 0, 0, "This picture is 60000 by 60000 pixels."},
		{"a bomb that is thin", pngHeader(4097, 1), 0, 0, "This picture is 4097 by 1 pixels."},
		{"a bomb that is square", pngHeader(4000, 4000), 0, 0, "This picture is 4000 by 4000 pixels."},
		{"a JPEG in many passes", progressiveJPEG(64), 64, 64, ""},
		{"a bomb: few bytes that go over the pixels again and again", progressiveJPEG(65), 0, 0, "This picture is drawn in more than 64 passes."},
		{"too many bytes", append(bytes.Clone(small), make([]byte, MaxLogoBytes)...), 0, 0, "A logo has up to 1048576 bytes."},
		{"a PNG that moves", animatedPNG(small), 0, 0, "This picture moves."},
		{"a WebP that moves", vp8x, 0, 0, "This picture moves."},
	} {
		t.Run(c.name, func(t *testing.T) {
			logo, kept, err := ReadLogo(c.file)
			if c.want == "" {
				if err != nil || logo.Width != c.width || logo.Height != c.height || len(logo.Hash) != 64 {
					t.Fatalf("%+v, %v; want %d by %d", logo, err, c.width, c.height)
				}
				size, kind, err := image.DecodeConfig(bytes.NewReader(kept))
				if err != nil || kind != "png" || size.Width != c.width || size.Height != c.height {
					t.Errorf("kept as a %s of %d by %d (%v)", kind, size.Width, size.Height, err)
				}
				return
			}
			var refusal *verify.Error
			if !errors.As(err, &refusal) || refusal.Code != verify.CodeImageInvalid || !strings.HasPrefix(refusal.Public, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func withByteFlipped(file []byte, at int) []byte {
	file = bytes.Clone(file)
	file[at] ^= 0x10
	return file
}

// Metadata, such as the place of a photograph, is not stored.
func TestThreat_25_ALogoContainsPixelsOnly(t *testing.T) {
	file := encodePNG(t, testImage(60, 20))
	const head = 8 + 12 + 13
	secret := pngWithChunk("tEXt", []byte("Comment\x00taken at home"))[8:]
	file = append(append(bytes.Clone(file[:head]), secret...), file[head:]...)
	logo, kept, err := ReadLogo(file)
	if err != nil || bytes.Contains(kept, []byte("home")) {
		t.Errorf("%v; kept with its comment", err)
	}
	again, _, err := ReadLogo(encodePNG(t, testImage(60, 20)))
	if err != nil || again.Hash != logo.Hash {
		t.Errorf("the same pixels have the hashes %s and %s (%v)", logo.Hash, again.Hash, err)
	}
}

func FuzzLogo(f *testing.F) {
	f.Add(encodePNG(f, testImage(3, 2)))
	f.Add(webp)
	f.Add(pngHeader(4096, 1024))
	f.Add([]byte("<svg/>"))
	f.Fuzz(func(t *testing.T, file []byte) {
		logo, kept, err := ReadLogo(file)
		if err != nil {
			if verify.CodeOf(err) != verify.CodeImageInvalid {
				t.Errorf("refused without a code: %v", err)
			}
			return
		}
		if logo.Width > maxStoredWidth || logo.Height > maxStoredHeight || len(kept) == 0 {
			t.Errorf("kept as %+v, %d bytes", logo, len(kept))
		}
	})
}
