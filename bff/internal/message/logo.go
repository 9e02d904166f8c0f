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

// Limits of an uploaded logo. They are checked before decoding, because a small file can declare a huge picture.
const (
	MaxLogoBytes  = 1 << 20
	maxLogoSide   = 4096
	maxLogoPixels = 4 << 20
	// maxLogoScans bounds the scans of a JPEG: each scan costs the time of the whole picture and only a few bytes.
	maxLogoScans = 64
)

// Size of a stored logo: twice the displayed size, for high-resolution screens.
const (
	maxStoredWidth  = 480
	maxStoredHeight = 160
)

// decodeSlots bounds the pictures in memory at the same time.
var decodeSlots = make(chan struct{}, 2)

// ReadLogo converts a PNG, JPEG or WebP file to a logo: decoded, rotated as its EXIF block says, scaled down and
// encoded as PNG, so that only the pixels are stored. Colour profiles are not applied. CodeImageInvalid: the error
// names the reason.
func ReadLogo(file []byte) (Logo, []byte, error) {
	if err := checkLogo(file); err != nil {
		return Logo{}, nil, err
	}
	decodeSlots <- struct{}{}
	defer func() { <-decodeSlots }()
	picture, kind, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return Logo{}, nil, invalidImage("This picture is damaged or cut short.", err)
	}
	picture = scale(picture, orientation(kind, file))
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, picture); err != nil {
		return Logo{}, nil, invalidImage("This picture can't be kept.", err)
	}
	sum := sha256.Sum256(out.Bytes())
	size := picture.Bounds().Size()
	return Logo{Hash: hex.EncodeToString(sum[:]), Width: size.X, Height: size.Y}, out.Bytes(), nil
}

func checkLogo(file []byte) error {
	switch {
	case len(file) == 0:
		return invalidImage("There is no picture in the body.", nil)
	case len(file) > MaxLogoBytes:
		return invalidImage(fmt.Sprintf("A logo has up to %d bytes.", MaxLogoBytes), nil)
	case isSVG(file):
		return invalidImage("An SVG can carry scripts and is drawn by few mail programs. Send PNG, JPEG or WebP.", nil)
	}
	config, kind, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case kind != "png" && kind != "jpeg" && kind != "webp":
		return invalidImage("This is no PNG, JPEG or WebP.", err)
	case isAnimated(kind, file):
		return invalidImage("This picture moves. Send one that stands still.", nil)
	case err != nil:
		return invalidImage("This picture is damaged or cut short.", err)
	case config.Width < 1 || config.Height < 1 || config.Width > maxLogoSide ||
		config.Height > maxLogoSide || config.Width*config.Height > maxLogoPixels:
		return invalidImage(fmt.Sprintf("This picture is %d by %d pixels. A logo has up to %d on a side, and up to %d in all.",
			config.Width, config.Height, maxLogoSide, maxLogoPixels), nil)
	case kind == "jpeg" && bytes.Count(file, startOfScan) > maxLogoScans:
		return invalidImage(fmt.Sprintf("This picture is drawn in more than %d passes. Save it anew, not as a progressive one.", maxLogoScans), nil)
	}
	return nil
}

func invalidImage(public string, err error) error {
	return &verify.Error{Code: verify.CodeImageInvalid, Public: public, Err: err}
}

// startOfScan precedes each scan of a JPEG. These bytes can't occur in the pixels, and are rare in other segments.
var startOfScan = []byte{0xff, 0xda}

// isSVG skips everything that may precede the element.
func isSVG(file []byte) bool {
	head := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(file[:min(len(file), 1024)], []byte("\xef\xbb\xbf")), " \t\r\n"))
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<svg")) || bytes.HasPrefix(head, []byte("\x1f\x8b"))
}

// isAnimated reports whether a picture has frames: an APNG's acTL precedes its pixels, a WebP has a bit in its header.
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

// scale scales a picture down to the stored size and rotates it. Every picture is redrawn in plain, non-premultiplied
// colours.
func scale(picture image.Image, orientation int) image.Image {
	size := picture.Bounds().Size()
	w, h := Logo{Width: size.X, Height: size.Y}.FitWithin(maxStoredWidth, maxStoredHeight)
	if orientation > 4 { // on its side: height and width are exchanged
		h, w = Logo{Width: size.Y, Height: size.X}.FitWithin(maxStoredWidth, maxStoredHeight)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	return rotate(out, orientation)
}
