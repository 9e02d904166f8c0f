package launchcontext

// RawKey lets the tests sign what Sign would refuse to.
func RawKey(k SigningKey) any { return k.key }

// ReadObject lets the fuzzer compare the strict reader with encoding/json.
func ReadObject(data []byte) (map[string]any, error) {
	r := &reader{code: CodeClaims}
	return r.read(data).left, r.failure()
}
