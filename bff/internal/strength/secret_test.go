package strength_test

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/strength"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// random is the number of random secrets per encoding: -args -random 100000 takes most of an hour.
var random = flag.Int("random", 25, "random secrets of each writing")

// stride selects every n-th constructed secret: -args -stride 1 tries all of them.
var stride = flag.Int("stride", 151, "of the made-up secrets every which one is tried")

// isAccepted reports whether a secret passes the SDK's rules and the estimate.
func isAccepted(secret string) bool {
	_, err := launchcontext.SharedSecret("k1", []byte(secret))
	return err == nil && strength.Secret([]byte(secret)) == nil
}

var words = strings.Fields(`
	changeme change-me change_this secret mysecret my-secret supersecret super-secret-key secretkey jwtsecret jwt_secret JWT_SECRET_KEY your-secret
	your-256-bit-secret yoursecretkey password password123 Passw0rd! letmein admin root test test123 testing foobar helloworld hello-world example
	shieldpod acme contoso northwind development production staging default token access-token refresh_token session-secret cookie_secret
	qwerty qwertyuiop asdfghjkl zxcvbnm 1q2w3e4r 1qaz2wsx abc123 123456 12345678 1234567890 iloveyou dragon sunshine football monkey master
	michael jennifer jessica washington london berlin summer2024 winter2023 spring2025 company-name myapp my_app_secret node-express-api
	laravel-app-key django-insecure-key spring-boot-secret rails_secret_base keyboard-cat shhhhh this-is-a-secret do-not-share never-tell-anyone
	replace-me-in-production some-long-secret-string please-change-this random-string not-so-secret top_secret classified confidential
`)

var phrases = []string{
	"this-is-a-very-long-secret-key-for-my-application-that-nobody-can-guess",
	"my super secret jwt signing key that should be changed in production",
	"thisIsMySuperSecretKeyForJsonWebTokensDoNotShareItWithAnyone",
	"The quick brown fox jumps over the lazy dog and runs away again",
	"correct horse battery staple correct horse battery staple",
	"ThisIsASecretKeyForHmacSha256ThatIsAtLeast32BytesLong!!",
	"please_replace_this_secret_with_a_random_string_of_32_chars",
	"a-string-secret-at-least-256-bits-long",
	"your-super-secret-jwt-token-with-at-least-32-characters-long",
	"lorem ipsum dolor sit amet consectetur adipiscing elit sed do",
	"to be or not to be that is the question whether tis nobler",
	"CHANGE_THIS_TO_SOMETHING_RANDOM_BEFORE_GOING_TO_PRODUCTION",
	"sunshine-ultra-secure-secret-is-awesome-and-never-expires",
	"mySecretKeyForJwtAuthenticationInSpringBootApplication2024",
	"reallyreallyreallyreallyverysafereallyreallyreallyverysafe",
	"This secret is stored base-64 encoded on the proxy host",
	"development-only-secret-do-not-use-in-production-environment",
	"ASP.NET Core JWT Bearer Authentication Secret Key 2023",
	"iamaverylongsecretkeythatshouldbekeptsecretforever",
	"NeverGonnaGiveYouUpNeverGonnaLetYouDownNeverGonnaRunAround",
}

var knownSecrets = []string{
	"changeme-changeme-changeme-changeme", "00000000000000000000000000000000", "12345678901234567890123456789012",
	"0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	"qwertyuiopasdfghjklzxcvbnm1234567890", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "!QAZ@WSX#EDC$RFV%TGB^YHN&UJM*IK<OL>",
	"zaq1xsw2cde3vfr4bgt5nhy6mju7ki8lo9p0", "asdfasdfasdfasdfasdfasdfasdfasdfasdf", "0987654321098765432109876543210987654321",
	"0a6b944d-d2fb-46fc-a85e-0295c986cd9f", "550E8400-E29B-41D4-A716-446655440000", "{550e8400-e29b-41d4-a716-446655440000}",
	"5f4dcc3b5aa765d61d8327deb882cf99", "01234567890abcde01234567890abcde01234567890abcde01234567890abcde",
	"24tngvzaictc0000000000000000000000000000000000000000000000000000", "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
	"<random_string_at_least_32_characters_long>", "${JWT_SECRET_FROM_THE_ENVIRONMENT}", "{{ .Values.jwt.secretKeyFromHelmChart }}", "%kernel.secret.of.the.application%",
	"$2b$10$Gg91pyMdkpIwT2MRMl7xxObPSOAQpS2Gnt29indH8Q4jxpiSfPup2",
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
	"1231232131231231231231231231231231231231231231231231#$$", "01/02/1984-03/04/1985-05/06/1986-07/08/1987",
	"2024-01-01T00:00:00Z2024-01-01T00:00:00Z", "+1 415 555 0100 +1 415 555 0101 +1 415 555 0102",
}

func TestThreat_06_ASecretThatIsNotRandomIsRefused(t *testing.T) {
	corpus := append(append([]string{}, phrases...), knownSecrets...)
	made := 0
	add := func(s string) {
		if made++; len(s) >= 32 && (made%*stride == 0) {
			corpus = append(corpus, s)
		}
	}
	leet := strings.NewReplacer("a", "4", "e", "3", "i", "1", "o", "0", "s", "5", "t", "7")
	symbols := strings.NewReplacer("a", "@", "s", "$", "i", "!", "o", "0")
	pieces := append(append([]string{}, words...), phrases...)
	for i, word := range pieces {
		other := pieces[(i*7+3)%len(pieces)]
		third := pieces[(i*11+5)%len(pieces)]
		for _, separator := range []string{"", "-", "_", ".", " ", "+", "|", "123"} {
			repeated := word
			for len(repeated) < 32 {
				repeated += separator + word
			}
			mixed := word + separator + other + separator + third
			for _, text := range []string{repeated, mixed, mixed + separator + mixed} {
				for _, variant := range []string{
					text, strings.ToUpper(text), strings.ToLower(text), strings.ToTitle(text[:1]) + text[1:], leet.Replace(text), symbols.Replace(text),
					text + "123", text + "!", text + "2024", "123" + text, reversed(text),
				} {
					add(variant)
				}
				add(base64.StdEncoding.EncodeToString([]byte(text)))
				add(base64.RawURLEncoding.EncodeToString([]byte(text)))
				add(hex.EncodeToString([]byte(text)))
				add(strings.ToUpper(hex.EncodeToString([]byte(text))))
			}
			add(word + separator + strings.Repeat("0", 40))
			add(word + separator + strings.Repeat("x", 40))
			add(word + separator + "1234567890abcdefghijklmnopqrstuvwxyz")
			add(fmt.Sprintf("%x", md5.Sum([]byte(word))))
		}
	}
	var passed []string
	for _, s := range corpus {
		if isAccepted(s) {
			passed = append(passed, s)
		}
	}
	if share := float64(len(passed)) / float64(len(corpus)); share > 0.01 {
		t.Errorf("%d of %d made-up secrets are accepted (%.2f %%), such as %q", len(passed), len(corpus), 100*share, passed)
	}
	t.Logf("%d of %d made-up secrets are accepted", len(passed), len(corpus))
	for _, s := range append(phrases, knownSecrets...) {
		if isAccepted(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

func reversed(s string) string {
	b := []byte(s)
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b)
}

func TestARandomSecretIsNeverRefused(t *testing.T) {
	for name, write := range map[string]func([]byte) string{
		"raw":                    func(b []byte) string { return string(b) },
		"hexadecimal":            hex.EncodeToString,
		"upper-case hexadecimal": func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) },
		"base64":                 base64.StdEncoding.EncodeToString,
		"base64url":              base64.RawURLEncoding.EncodeToString,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret := make([]byte, 32)
			for range *random {
				if _, err := rand.Read(secret); err != nil {
					t.Fatal(err)
				}
				if s := write(secret); !isAccepted(s) {
					t.Errorf("%q is refused", s)
				}
			}
		})
	}
}

func FuzzSecret(f *testing.F) {
	f.Add([]byte("changeme-changeme-changeme-changeme"))
	f.Add([]byte("Größe, größer, am größten – und 漢字"))
	f.Fuzz(func(_ *testing.T, secret []byte) { _ = strength.Secret(secret) })
}
