package secretfile_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/shieldpod/shieldpod/sdk/secretfile"
)

func utf16Of(text string, big bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

// writings are the ways in which editors, shells and other systems write one value.
func writings(value string) map[string][]byte {
	return map[string][]byte{
		"as it is":                            []byte(value),
		"with a new line":                     []byte(value + "\n"),
		"with CRLF":                           []byte(value + "\r\n"),
		"with several new lines":              []byte("\n\n" + value + "\n\n\n"),
		"with spaces and tabs around":         []byte(" \t" + value + " \t \n"),
		"with trailing NULs":                  []byte(value + "\x00\x00\x00"),
		"UTF-8 with a byte order mark":        []byte("\ufeff" + value + "\r\n"),
		"UTF-16LE with a byte order mark":     append([]byte{0xff, 0xfe}, utf16Of(value+"\r\n", false)...),
		"UTF-16BE with a byte order mark":     append([]byte{0xfe, 0xff}, utf16Of(value+"\n", true)...),
		"UTF-16LE without a byte order mark":  utf16Of(value+"\r\n", false),
		"UTF-16BE without a byte order mark":  utf16Of(value, true),
		"with a no-break space behind":        []byte(value + "\u00a0\n"),
		"with an old Mac's line end":          []byte(value + "\r"),
		"with a page break behind":            []byte(value + "\n\f"),
		"with a byte order mark at both ends": []byte("\ufeff" + value + "\ufeff"),
	}
}

func TestAValueIsReadInEveryWayThatEditorsWriteIt(t *testing.T) {
	const line, token = "c0rrect horse=battery;staple", "q1w2E3r4+/T5y6U7i8="
	for name, data := range writings(line) {
		if got, err := secretfile.Line(data); err != nil || got != line {
			t.Errorf("Line, %s: %q, %v", name, got, err)
		}
		if got, err := secretfile.Secret(data); err != nil || string(got) != line {
			t.Errorf("Secret, %s: %q, %v", name, got, err)
		}
	}
	for name, data := range writings(token) {
		if got, err := secretfile.Token(data); err != nil || got != token {
			t.Errorf("Token, %s: %q, %v", name, got, err)
		}
	}
}

func TestATokenIsTakenOutOfWhatStandsAroundIt(t *testing.T) {
	const token = "q1w2E3r4+/T5y6U7i8="
	for name, text := range map[string]string{
		"base64 with line breaks":    "q1w2E3r4\n+/T5y6U7i8=\n",
		"base64 with CRLF breaks":    "q1w2E3r4\r\n+/T5y6U7i8=\r\n",
		"escaped line breaks":        `q1w2E3r4\n+/T5y6U7i8=\n`,
		"indented":                   "  q1w2E3r4\n  +/T5y6U7i8=",
		"double quotes":              `"` + token + `"`,
		"single quotes":              `'` + token + `'`,
		"an environment file's line": "SHIELDPOD_MASTER_KEY=" + token,
		"the same with quotes":       `SHIELDPOD_MASTER_KEY="` + token + `"`,
		"a shell's line":             "export SHIELDPOD_MASTER_KEY=" + token,
		"PowerShell's line":          `$env:SHIELDPOD_MASTER_KEY = "` + token + `"`,
		"PEM of a public key":        "-----BEGIN PUBLIC KEY-----\r\nq1w2E3r4\r\n+/T5y6U7i8=\r\n-----END PUBLIC KEY-----\r\n",
		"a line of YAML":             "master-key: " + token,
	} {
		if got, err := secretfile.Token([]byte(text)); err != nil || got != token {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestABase64ValueThatLooksLikeAnAssignmentIsWhole(t *testing.T) {
	for _, value := range []string{"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQ=", "abcKEY=", "mysecret==", "ABC_DEF="} {
		if got, err := secretfile.Token([]byte(value)); err != nil || got != value {
			t.Errorf("%s: %q, %v", value, got, err)
		}
	}
}

func TestWhatCouldBeReadInTwoWaysIsRefusedWithTheReason(t *testing.T) {
	const value = "c0rrect-horse-battery-staple"
	for _, c := range []struct {
		name string
		data string
		line error // nil: taken
	}{
		{"nothing", "", secretfile.ErrEmpty},
		{"line ends only", "\r\n\r\n", secretfile.ErrEmpty},
		{"a byte order mark only", "\ufeff", secretfile.ErrEmpty},
		{"NULs only", "\x00\x00\x00", secretfile.ErrEmpty},
		{"double quotes", `"` + value + `"`, secretfile.ErrQuotes},
		{"single quotes", "'" + value + "'\n", secretfile.ErrQuotes},
		{"back quotes", "`" + value + "`", secretfile.ErrQuotes},
		{"Windows' smart quotes", "“" + value + "”", secretfile.ErrSmartQuotes},
		{"single smart quotes", "‘" + value + "’", secretfile.ErrSmartQuotes},
		{"German quotes", "„" + value + "“", secretfile.ErrSmartQuotes},
		{"French quotes", "«" + value + "»", secretfile.ErrSmartQuotes},
		{"smart quotes in Windows-1252", "\x93" + value + "\x94", secretfile.ErrNotText},
		{"a KEY= line", "API_KEY=" + value, secretfile.ErrAssignment},
		{"a key= line", "key=" + value, secretfile.ErrAssignment},
		{"an export line", "export X=" + value, secretfile.ErrAssignment},
		{"a YAML line", "password: " + value, secretfile.ErrAssignment},
		{"two lines", value + "\n" + value, secretfile.ErrLines},
		{"two lines of an old Mac", value + "\r" + value, secretfile.ErrLines},
		{"a comment before it", "# the key\n" + value, secretfile.ErrLines},
		{"a zero-width space", "c0rrect\u200bhorse", secretfile.ErrInvisible},
		{"a no-break space", "c0rrect\u00a0horse", secretfile.ErrInvisible},
		{"a soft hyphen", "c0rrect\u00adhorse", secretfile.ErrInvisible},
		{"a NUL inside", "c0rrect\x00horse", secretfile.ErrControl},
		{"an escape sequence", "\x1b[0mc0rrect", secretfile.ErrControl},
		{"an odd UTF-16", "\xff\xfeA\x00B", secretfile.ErrUTF16},
		{"UTF-32", "\xff\xfe\x00\x00A\x00\x00\x00", secretfile.ErrUTF32},
		{"a password with a colon", "pa:ss=word", nil},
		{"a password with an umlaut", "größe-7-Käse", nil},
	} {
		got, err := secretfile.Line([]byte(c.data))
		if !errors.Is(err, c.line) || (c.line == nil) != (err == nil) {
			t.Errorf("%s: %q, error %v; want %v", c.name, got, err, c.line)
		}
	}
	for name, want := range map[string]error{"“" + value + "”": secretfile.ErrSmartQuotes, "a–b": secretfile.ErrSmartDash, "größe": secretfile.ErrNotASCII, `""`: secretfile.ErrEmpty} {
		if got, err := secretfile.Token([]byte(name)); !errors.Is(err, want) {
			t.Errorf("Token %s: %q, error %v; want %v", name, got, err, want)
		}
	}
}

func TestRandomBytesAreTakenToTheLastOne(t *testing.T) {
	for _, ends := range []string{"", "\n", "\r\n", "\x00", " "} {
		for _, starts := range []string{"", "\xff\xfe", "\xfe\xff", "\ufeff", "\xff\xfe\x00\x00", "\n"} {
			for range 200 {
				secret := make([]byte, 32)
				if _, err := rand.Read(secret); err != nil {
					t.Fatal(err)
				}
				copy(secret, starts)
				copy(secret[32-len(ends):], ends)
				if got, err := secretfile.Secret(secret); err != nil || !bytes.Equal(got, secret) {
					t.Fatalf("%x: %x, %v", secret, got, err)
				}
			}
		}
	}
}

func TestPEMIsReadHoweverItWasCopied(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	want := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	lines := strings.Split(strings.TrimSpace(want), "\n")
	ways := map[string][]byte{
		"indented":                       []byte("    " + strings.Join(lines, "\n    ") + "\n"),
		"indented by tabs, with CRLF":    []byte("\t" + strings.Join(lines, "\r\n\t")),
		"on one line, with spaces":       []byte(strings.Join(lines, " ")),
		"on one line, with \\n":          []byte(strings.Join(lines, `\n`) + `\n`),
		"on one line, with \\r\\n":       []byte(strings.Join(lines, `\r\n`)),
		"in quotes, with \\n":            []byte(`"` + strings.Join(lines, `\n`) + `\n"`),
		"in an environment file":         []byte(`PSA_KEY="` + strings.Join(lines, `\n`) + `"`),
		"with blank lines":               []byte(strings.Join(lines, "\n\n")),
		"with a note before it":          []byte("Key of the PSA:\n" + want),
		"with trailing spaces":           []byte(strings.Join(lines, "  \n") + "  "),
		"with line numbers' quotes gone": []byte(strings.Join(lines, "\"\n\"")),
	}
	for name, data := range writings(want) {
		ways[name] = data
	}
	for name, data := range ways {
		if got, err := secretfile.PEM(data); err != nil || string(got) != want {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
	body := base64.StdEncoding.EncodeToString(der)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"cut off":                 {want[:60], secretfile.ErrPEMCut},
		"encrypted":               {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + body + "\n-----END ENCRYPTED PRIVATE KEY-----", secretfile.ErrPEMEncrypted},
		"encrypted the old way":   {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + body + "\n-----END RSA PRIVATE KEY-----", secretfile.ErrPEMEncrypted},
		"with dashes of a writer": {strings.ReplaceAll(want, "-----", "—–—"), secretfile.ErrSmartDash},
		"with an ellipsis":        {strings.Replace(want, body[8:12], "…", 1), secretfile.ErrPEMBody},
		"in smart quotes":         {"“" + want + "”", secretfile.ErrSmartQuotes},
		"nothing":                 {"\ufeff\r\n", secretfile.ErrEmpty},
	} {
		if _, err := secretfile.PEM([]byte(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, data := range writings("c0rrect horse") {
		f.Add(data)
	}
	f.Add([]byte("\xff\xfe\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, parse := range map[string]func([]byte) (string, error){"Line": secretfile.Line, "Token": secretfile.Token} {
			text, err := parse(data)
			if err != nil {
				continue
			}
			if strings.ContainsAny(text, "\r\n\x00\ufeff") || text == "" {
				t.Errorf("%s gives %q", name, text)
			}
		}
		if out, err := secretfile.PEM(data); err == nil && bytes.Contains(out, []byte("BEGIN")) {
			again, err := secretfile.PEM(out)
			if err != nil || !bytes.Equal(again, out) {
				t.Errorf("PEM is not stable: %q, %q, %v", out, again, err)
			}
		}
	})
}
