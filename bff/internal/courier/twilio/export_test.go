package twilio

// Sign lets tests compare the signature with the carrier's example.
var Sign = sign
