package smtp

import (
	"bufio"
	"errors"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/courier/refusal"
)

// Limits of one reply. RFC 5321 allows 512 bytes a line; servers that explain themselves need more.
const (
	maxReplyLine  = 4 << 10
	maxReplyBytes = 64 << 10
)

// reply is one reply of a mail server.
type reply struct {
	code     int    // 200 to 599: the code of its last line
	enhanced string // RFC 3463, such as "5.7.1"; empty: none
	lines    []string
}

// class returns the first digit: 2 positive, 3 intermediate, 4 transient failure, 5 permanent failure.
func (r reply) class() int { return r.code / 100 }

// text returns the reply's text without its codes.
func (r reply) text() string { return strings.Join(r.lines, "\n") }

var (
	errNoReply   = errors.New("the server's answer is not a reply of SMTP")
	errLongReply = errors.New("the server's answer is too long")
)

// readReply reads one reply. It accepts the forms that RFC 5321 (4.2) requires of a client: a code alone, lines without
// text, a bare line feed. Where the lines of a reply have different codes, the last one counts.
func readReply(r *bufio.Reader) (reply, error) {
	var parsed reply
	for size := 0; ; {
		line, err := readLine(r)
		if err != nil {
			return reply{}, err
		}
		if size += len(line); size > maxReplyBytes {
			return reply{}, errLongReply
		}
		code, text, more, ok := parseLine(line)
		if !ok {
			return reply{}, errNoReply
		}
		parsed.code = code
		parsed.lines = append(parsed.lines, text)
		if !more {
			parsed.enhanced = refusal.EnhancedCode(parsed.code, parsed.lines)
			return parsed, nil
		}
	}
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errLongReply
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// parseLine reads "250", "250 text", "250-text" and "250-".
func parseLine(line string) (code int, text string, more, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !isDigit(line[1]) || !isDigit(line[2]) {
		return 0, "", false, false
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	switch rest := line[3:]; {
	case rest == "":
		return code, "", false, true
	case rest[0] == ' ', rest[0] == '-', rest[0] == '\t':
		return code, strings.TrimSpace(rest[1:]), rest[0] == '-', true
	case isDigit(rest[0]):
		return 0, "", false, false
	default:
		return code, strings.TrimSpace(rest), false, true
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
