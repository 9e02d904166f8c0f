package message

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// cornerImage returns a picture of 48 by 32 pixels with a quarter of each colour: red and green at the top, blue and
// white at the bottom.
func cornerImage() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			c := color.NRGBA{255, 0, 0, 255}
			switch {
			case y >= 16 && x >= 24:
				c = color.NRGBA{255, 255, 255, 255}
			case y >= 16:
				c = color.NRGBA{0, 0, 255, 255}
			case x >= 24:
				c = color.NRGBA{0, 255, 0, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// cornerColors returns the initials of the colours in a picture's corners: top left, top right, bottom left, bottom
// right.
func cornerColors(t *testing.T, file []byte) string {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	var read []byte
	for _, p := range []image.Point{{4, 4}, {b.Dx() - 5, 4}, {4, b.Dy() - 5}, {b.Dx() - 5, b.Dy() - 5}} {
		r, g, bl, _ := m.At(p.X, p.Y).RGBA()
		switch {
		case r > 0x8000 && g > 0x8000:
			read = append(read, 'W')
		case r > 0x8000:
			read = append(read, 'R')
		case g > 0x8000:
			read = append(read, 'G')
		case bl > 0x8000:
			read = append(read, 'B')
		default:
			read = append(read, '?')
		}
	}
	return string(read)
}

// exifBlock returns a TIFF block with the orientation as its only tag.
func exifBlock(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	b := order.AppendUint32([]byte(mark), 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(order.AppendUint16(b, 0x0112), 3)
	b = order.AppendUint16(order.AppendUint32(b, 1), orientation)
	return order.AppendUint32(append(b, 0, 0), 0)
}

func jpegWithEXIF(t *testing.T, block []byte) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, cornerImage(), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	body := append([]byte("Exif\x00\x00"), block...)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...) //nolint:gosec // short
	return append(append([]byte{0xff, 0xd8}, segment...), file.Bytes()[2:]...)
}

func pngWithEXIF(t *testing.T, block []byte) []byte {
	t.Helper()
	file := encodePNG(t, cornerImage())
	const head = 8 + 12 + 13
	return append(append(bytes.Clone(file[:head]), pngWithChunk("eXIf", block)[8:]...), file[head:]...)
}

func TestALogoIsRotatedByItsOrientation(t *testing.T) {
	for orientation, want := range map[uint16]string{
		0: "RGBW", 1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB", 9: "RGBW", 65535: "RGBW",
	} {
		for name, file := range map[string][]byte{
			"a JPEG, big-endian":    jpegWithEXIF(t, exifBlock(binary.BigEndian, "MM\x00*", orientation)),
			"a JPEG, little-endian": jpegWithEXIF(t, exifBlock(binary.LittleEndian, "II*\x00", orientation)),
			"a PNG":                 pngWithEXIF(t, exifBlock(binary.LittleEndian, "II*\x00", orientation)),
		} {
			logo, kept, err := ReadLogo(file)
			if err != nil {
				t.Fatalf("%s of orientation %d: %v", name, orientation, err)
			}
			width, height := 48, 32
			if orientation > 4 && orientation < 9 {
				width, height = 32, 48
			}
			if got := cornerColors(t, kept); got != want || logo.Width != width || logo.Height != height {
				t.Errorf("%s of orientation %d: %s, %d by %d; want %s", name, orientation, got, logo.Width, logo.Height, want)
			}
			if bytes.Contains(kept, []byte("Exif")) || bytes.Contains(kept, []byte("eXIf")) {
				t.Errorf("%s: its EXIF block is kept", name)
			}
		}
	}
}

func TestAnUnreadableOrientationRotatesNothing(t *testing.T) {
	whole := exifBlock(binary.LittleEndian, "II*\x00", 6)
	far := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(far[4:], 1<<31)
	many := bytes.Clone(whole)
	binary.LittleEndian.PutUint16(many[8:], 65535)
	binary.LittleEndian.PutUint16(many[10:], 0x0100)
	for name, block := range map[string][]byte{
		"nothing": nil, "another mark": append([]byte("XX"), whole[2:]...), "a directory beyond its end": far,
		"more entries than there are": many, "a block that is cut": whole[:15], "a head that is cut": whole[:6],
	} {
		_, kept, err := ReadLogo(jpegWithEXIF(t, block))
		if err != nil || cornerColors(t, kept) != "RGBW" {
			t.Errorf("%s: %s (%v)", name, cornerColors(t, kept), err)
		}
	}
}

// Pixel formats that cameras and drawing programs write, other than eight bits of red, green and blue.
func TestALogoIsStoredWithPlainPixels(t *testing.T) {
	sixteen, grey, paletted := image.NewNRGBA64(image.Rect(0, 0, 48, 32)), image.NewGray(image.Rect(0, 0, 48, 32)), image.NewPaletted(image.Rect(0, 0, 48, 32), color.Palette{color.NRGBA{}, color.NRGBA{255, 0, 0, 255}})
	for y := range 32 {
		for x := range 48 {
			sixteen.Set(x, y, cornerImage().At(x, y))
			grey.SetGray(x, y, color.Gray{Y: 128})
			paletted.SetColorIndex(x, y, 1)
		}
	}
	var greyJPEG bytes.Buffer
	if err := jpeg.Encode(&greyJPEG, grey, nil); err != nil {
		t.Fatal(err)
	}
	profile := encodePNG(t, cornerImage())
	const head = 8 + 12 + 13
	profile = append(append(bytes.Clone(profile[:head]), pngWithChunk("iCCP", []byte("taken at home\x00\x00secret"))[8:]...), profile[head:]...)
	for name, file := range map[string][]byte{
		"sixteen bits": encodePNG(t, sixteen), "grey": encodePNG(t, grey), "a palette": encodePNG(t, paletted), "a grey JPEG": greyJPEG.Bytes(), "a colour profile": profile,
	} {
		_, kept, err := ReadLogo(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if bit, kind := kept[24], kept[25]; bit != 8 || kind != 6 && kind != 2 {
			t.Errorf("%s: kept with %d bits, colour type %d", name, bit, kind)
		}
		for at := 8; at+12 <= len(kept); at += 12 + int(binary.BigEndian.Uint32(kept[at:])) {
			if chunk := string(kept[at+4 : at+8]); chunk != "IHDR" && chunk != "IDAT" && chunk != "IEND" {
				t.Errorf("%s: the chunk %s is kept", name, chunk)
			}
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add("jpeg", []byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\x08\x00\x00\x00"))
	f.Add("png", pngWithChunk("eXIf", exifBlock(binary.BigEndian, "MM\x00*", 6)))
	f.Add("webp", []byte("RIFF\x00\x00\x00\x00WEBPEXIF\x04\x00\x00\x00II*\x00"))
	f.Fuzz(func(t *testing.T, kind string, file []byte) {
		if o := orientation(kind, file); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
