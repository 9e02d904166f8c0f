package twilio

import "github.com/shieldpod/shieldpod/bff/internal/verify"

// Twilio's error codes by cause (https://www.twilio.com/docs/api/errors). Twilio adds codes. An unknown code counts as
// Misconfigured in a response, so that the next carrier is tried, and as undelivered in a receipt.

// recipientCodes are about the recipient, in responses and receipts: no other carrier can help.
var recipientCodes = map[int]verify.Code{
	21211: verify.ReasonInvalidRecipient, // not a valid number
	21214: verify.ReasonInvalidRecipient, // the number can't be reached
	21217: verify.ReasonInvalidRecipient, // not a valid number
	21265: verify.ReasonInvalidRecipient, // the number is a short code
	21610: verify.ReasonOptedOut,         // STOP
	21614: verify.ReasonLandline,         // not a mobile number
	21635: verify.ReasonLandline,         // the number is a landline
	30003: verify.ReasonInvalidRecipient, // the handset is off or out of reach
	30004: verify.ReasonBlocked,          // blocked by the recipient or the network
	30005: verify.ReasonInvalidRecipient, // the number is unknown or out of service
	30006: verify.ReasonLandline,         // a landline, or a network that can't be reached
	30007: verify.ReasonBlocked,          // filtered
}

// misconfiguredCodes are codes of receipts: the network refuses the sender's number, its registration or the account.
var misconfiguredCodes = map[int]bool{
	21408: true, // the country is not switched on
	21606: true, // the sender may not send
	21608: true, // a trial account may send to verified numbers only
	21612: true, // this sender can't reach that number; another carrier may
	21617: true, // the text is too long
	21659: true, // the sender is not a Twilio number
	21660: true, // the sender belongs to another account
	21661: true, // the sender can't send texts
	21703: true, // the messaging service is empty
	21704: true, // the messaging service has no sender for that country
	21705: true, // the messaging service does not exist
	30002: true, // the account is suspended
	30010: true, // the price is above the account's limit
	30018: true, // the network wants the sender registered
	30022: true, // the sender's rate at US networks is reached
	30023: true, // the sender's daily limit at US networks is reached
	30024: true, // the sender is not set up at the network
	30027: true, // the sender's daily limit at T-Mobile is reached
	30032: true, // the toll-free number is not verified
	30033: true, // the campaign is suspended
	30034: true, // the number is not registered
	30035: true, // the number's registration is faulty
	30037: true, // sending is switched off
	30038: true, // the text is filtered as a code of another service
	30042: true, // the sender's name is blocked
	30450: true, // the protection against pumping blocks the number's range
}

// temporaryCodes are codes of responses: the same request may be accepted later.
var temporaryCodes = map[int]bool{
	20429: true, // too many requests
	21611: true, // the sender's queue is full
	21730: true, // under maintenance
	30001: true, // the queue is full
	30017: true, // the network is congested
	30022: true, // the sender's rate at US networks is reached
}

// reasonOf returns the reason for a code; empty for an unknown code.
func reasonOf(code int) verify.Code {
	if misconfiguredCodes[code] {
		return verify.ReasonCarrierSet
	}
	return recipientCodes[code]
}
