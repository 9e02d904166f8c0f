package message

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation returns the EXIF orientation of a picture, from 1 to 8; 1 where the file has none that is readable.
func orientation(kind string, file []byte) int {
	var exif []byte
	switch kind {
	case "jpeg":
		exif = exifOfJPEG(file)
	case "png":
		exif = chunkOf(file, 8, "eXIf", binary.BigEndian, false)
	case "webp":
		exif = chunkOf(file, 12, "EXIF", binary.LittleEndian, true)
	}
	return orientationOf(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
}

// exifOfJPEG returns the EXIF block among a JPEG's segments, which end where the pixels begin.
func exifOfJPEG(file []byte) []byte {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker := file[at+1]
		if marker == 0xff { // a fill byte
			at++
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xda || end > len(file) || end < at+4 {
			return nil
		}
		if body := file[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return body
		}
		at = end
	}
	return nil
}

// chunkOf returns the first chunk of a name. A chunk of PNG is length, name, data and a checksum; a chunk of RIFF is
// name, length and data, padded to an even length.
func chunkOf(file []byte, at int, name string, order binary.ByteOrder, riff bool) []byte {
	for at+8 <= len(file) {
		length, is, next := order.Uint32(file[at:]), string(file[at+4:at+8]), 4
		if riff {
			length, is, next = order.Uint32(file[at+4:]), string(file[at:at+4]), int(order.Uint32(file[at+4:])&1)
		}
		if uint64(length) > uint64(len(file)-at-8) {
			return nil
		}
		end := at + 8 + int(length)
		if is == name {
			return file[at+8 : end]
		}
		at = end + next
	}
	return nil
}

// orientationOf reads the tag 0x0112 of the first directory of a TIFF block.
func orientationOf(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
	default:
		return 1
	}
	start := uint64(order.Uint32(tiff[4:]))
	if start+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[start+2:]
	for range order.Uint16(tiff[start:]) {
		if len(entries) < 12 {
			return 1
		}
		const short, tag = 3, 0x0112
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short && order.Uint32(entries[4:]) == 1 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// rotate turns and mirrors a picture of an orientation so that it is upright.
func rotate(picture *image.NRGBA, orientation int) *image.NRGBA {
	if orientation == 1 {
		return picture
	}
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation > 4 { // it lies on a side
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewNRGBA(size)
	for y := range h {
		for x := range w {
			toX, toY := x, y
			switch orientation {
			case 2:
				toX = w - 1 - x
			case 3:
				toX, toY = w-1-x, h-1-y
			case 4:
				toY = h - 1 - y
			case 5:
				toX, toY = y, x
			case 6:
				toX, toY = h-1-y, x
			case 7:
				toX, toY = h-1-y, w-1-x
			case 8:
				toX, toY = y, w-1-x
			}
			out.SetNRGBA(toX, toY, picture.NRGBAAt(x, y))
		}
	}
	return out
}
