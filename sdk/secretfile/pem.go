package secretfile

import (
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
)

// Refusals of key files.
var (
	ErrPEMCut       = errors.New("its PEM has no END line: the file was cut off, copy it anew")
	ErrPEMEncrypted = errors.New("its key is encrypted by a passphrase: give it decrypted (openssl pkcs8 -topk8 -nocrypt)")
	ErrPEMBody      = errors.New("its PEM is damaged between BEGIN and END: copy the file anew")
)

var (
	pemBegin = regexp.MustCompile(`-----BEGIN ([A-Z0-9 ]+)-----`)
	pemBody  = regexp.MustCompile(`^[A-Za-z0-9+/]*={0,2}$`)
)

// PEM gives a key file in the form that parsers know. PEM may be indented, quoted, on one line with \n for its line
// breaks, or have any line ends; what is not PEM, such as a JWK, is given back as text.
func PEM(data []byte) ([]byte, error) {
	text, err := Text(data)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(text, smartQuote) {
		return nil, ErrSmartQuotes
	}
	if quoted(text) {
		text = strings.TrimSpace(text[1 : len(text)-1])
	}
	if strings.ContainsFunc(text, dash) && strings.Contains(text, "BEGIN") {
		return nil, ErrSmartDash
	}
	begins := pemBegin.FindAllStringSubmatchIndex(text, -1)
	if begins == nil {
		return []byte(text), nil
	}
	var out []byte
	for i, at := range begins {
		block := text[at[1]:]
		if i+1 < len(begins) {
			block = text[at[1]:begins[i+1][0]]
		}
		one, err := pemBlock(text[at[2]:at[3]], block)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// pemBlock writes one block anew: kind of its BEGIN line, and all that follows.
func pemBlock(kind, rest string) ([]byte, error) {
	body, _, found := strings.Cut(rest, "-----END "+kind+"-----")
	if !found {
		return nil, ErrPEMCut
	}
	if strings.HasPrefix(kind, "ENCRYPTED") || strings.Contains(body, "ENCRYPTED") {
		return nil, ErrPEMEncrypted
	}
	body = strings.NewReplacer(`\r`, "", `\n`, "", `"`, "", "\ufeff", "", "\u200b", "", "\u00a0", "").Replace(body)
	body = strings.Join(strings.Fields(body), "")
	if !pemBody.MatchString(body) {
		return nil, ErrPEMBody
	}
	block, _ := pem.Decode([]byte("-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n"))
	if block == nil {
		return nil, ErrPEMBody
	}
	return pem.EncodeToMemory(block), nil
}
