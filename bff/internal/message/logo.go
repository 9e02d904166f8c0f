package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/jpeg" // a logo may be one
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // a logo may be one

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Bounds of a logo as it comes. They are checked before a pixel is decoded: a small file can claim a huge picture.
const (
	LogoBytes  = 1 << 20
	logoSide   = 4096
	logoPixels = 4 << 20
	// logoScans is how often a JPEG may go over its pixels: each scan costs as much as all of them, and a few bytes.
	logoScans = 64
)

// Bounds of a logo as it is kept: twice as large as it is shown, for fine screens.
const (
	keptWidth  = 480
	keptHeight = 160
)

// decoding bounds how many pictures are in memory at once.
var decoding = make(chan struct{}, 2)

// ReadLogo makes a logo of a PNG, JPEG or WebP file: decoded, turned upright as its EXIF block says, scaled down to what
// is shown, and encoded anew as PNG, so that nothing but pixels is kept. Colour profiles are not applied. CodeImageInvalid says why it takes no other.
func ReadLogo(file []byte) (Logo, []byte, error) {
	if err := checkFile(file); err != nil {
		return Logo{}, nil, err
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	picture, kind, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return Logo{}, nil, noLogo("This picture is damaged or cut short.", err)
	}
	picture = scaled(picture, orientation(kind, file))
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, picture); err != nil {
		return Logo{}, nil, noLogo("This picture can't be kept.", err)
	}
	sum := sha256.Sum256(out.Bytes())
	size := picture.Bounds().Size()
	return Logo{Hash: hex.EncodeToString(sum[:]), Width: size.X, Height: size.Y}, out.Bytes(), nil
}

func checkFile(file []byte) error {
	switch {
	case len(file) == 0:
		return noLogo("There is no picture in the body.", nil)
	case len(file) > LogoBytes:
		return noLogo(fmt.Sprintf("A logo has up to %d bytes.", LogoBytes), nil)
	case isSVG(file):
		return noLogo("An SVG can carry scripts and is drawn by few mail programs. Send PNG, JPEG or WebP.", nil)
	}
	config, kind, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case kind != "png" && kind != "jpeg" && kind != "webp":
		return noLogo("This is no PNG, JPEG or WebP.", err)
	case isAnimated(kind, file):
		return noLogo("This picture moves. Send one that stands still.", nil)
	case err != nil:
		return noLogo("This picture is damaged or cut short.", err)
	case config.Width < 1 || config.Height < 1 || config.Width > logoSide || config.Height > logoSide || config.Width*config.Height > logoPixels:
		return noLogo(fmt.Sprintf("This picture is %d by %d pixels. A logo has up to %d on a side, and up to %d in all.",
			config.Width, config.Height, logoSide, logoPixels), nil)
	case kind == "jpeg" && bytes.Count(file, startOfScan) > logoScans:
		return noLogo(fmt.Sprintf("This picture is drawn in more than %d passes. Save it anew, not as a progressive one.", logoScans), nil)
	}
	return nil
}

func noLogo(public string, err error) error {
	return &verify.Error{Code: verify.CodeImageInvalid, Public: public, Err: err}
}

// startOfScan stands before each of a JPEG's scans. Among its pixels these bytes can't be; in what it has beside they are rare.
var startOfScan = []byte{0xff, 0xda}

// isSVG looks past what may precede the element.
func isSVG(file []byte) bool {
	head := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(file[:min(len(file), 1024)], []byte("\xef\xbb\xbf")), " \t\r\n"))
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<svg")) || bytes.HasPrefix(head, []byte("\x1f\x8b"))
}

// isAnimated tells whether a picture has frames: an APNG's acTL stands before its pixels, a WebP's bit in its header.
func isAnimated(kind string, file []byte) bool {
	if kind == "png" {
		for at := 8; at+12 <= len(file); {
			name := string(file[at+4 : at+8])
			if name == "acTL" || name == "IDAT" {
				return name == "acTL"
			}
			length := binary.BigEndian.Uint32(file[at:])
			if uint64(length) > uint64(len(file)) {
				return false
			}
			at += 12 + int(length)
		}
		return false
	}
	return len(file) > 20 && string(file[:4]) == "RIFF" && string(file[8:16]) == "WEBPVP8X" && file[20]&0x02 != 0
}

// scaled fits a picture into what is kept, and turns it upright. It is drawn anew in any case: as plain, not
// premultiplied colours.
func scaled(picture image.Image, orientation int) image.Image {
	size := picture.Bounds().Size()
	w, h := Logo{Width: size.X, Height: size.Y}.Fitted(keptWidth, keptHeight)
	if orientation > 4 { // it lies on a side: what is its height becomes its width
		h, w = Logo{Width: size.Y, Height: size.X}.Fitted(keptWidth, keptHeight)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	return upright(out, orientation)
}
