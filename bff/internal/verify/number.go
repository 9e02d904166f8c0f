package verify

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Number matching: the technician says a number of two digits, and the end user picks it on the landing
// page. Numbers are never stored: they derive from the verification's id under the server's key, so that the
// page is the same each time it is opened, on every node.

const (
	gridSize  = 9
	numberLow = 10 // two digits without a leading zero
	numbers   = 90
)

// grid gives a verification's nine numbers, each once, and the one to pick. That one is never first or
// last: a mail scanner that presses every button in order presses a wrong one before it.
func (k Keys) grid(verification string) (all []string, right string) {
	stream := mac(k.Code, "numbers", verification)
	next := func() int {
		n := int(binary.BigEndian.Uint16(stream))
		if stream = stream[2:]; len(stream) < 2 {
			stream = mac(k.Code, "more numbers", verification, fmt.Sprint(all))
		}
		return n
	}
	for len(all) < gridSize {
		if n := fmt.Sprint(numberLow + next()%numbers); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all, all[1+next()%(gridSize-2)]
}
