package httpapi

// StatusOf is for tests that hold the codes against their documentation.
var StatusOf = statusOf
