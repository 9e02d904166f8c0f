package twilio

// Sign lets tests hold the signature to the carrier's own example.
var Sign = sign
