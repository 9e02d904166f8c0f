package launchcontext

// RawKey lets the tests sign what Sign would refuse to.
func RawKey(k SigningKey) any { return k.key }
