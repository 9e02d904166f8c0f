package graph

import (
	"fmt"
	"net/http"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// recipientCodes name the recipient as the cause.
var recipientCodes = map[string]bool{"ErrorInvalidRecipients": true, "ErrorInvalidSmtpAddress": true}

// temporaryCodes are of a service that takes the message later, with any status.
var temporaryCodes = map[string]bool{
	"ApplicationThrottled": true, "TooManyRequests": true, "activityLimitReached": true, "ErrorServerBusy": true,
	"ErrorTooManyObjectsOpened": true, "ErrorMailboxStoreUnavailable": true, "ErrorMailboxMoveInProgress": true, "ErrorMailboxFailover": true,
	"ErrorInternalServerTransientError": true, "serviceNotAvailable": true, "ServiceUnavailable": true,
}

// accountCode is a refusal of the account, its rights or its mailbox.
type accountCode struct{ cause, nextStep string }

const (
	grantRight   = "Let the application send from this mailbox: Application Mail.Send for Exchange, or Mail.Send as an application permission with admin consent. Changes take up to two hours"
	checkMailbox = "Compare --mailbox with the mailbox's primary address, and the directory with the mailbox's"
	newToken     = "Compare the client ID and the directory, and consent to the application there as an administrator"
)

// accountCodes are the refusals that an operator must act on.
var accountCodes = map[string]accountCode{
	"ErrorSendAsDenied": {
		"the mailbox may not send with this sender's address",
		"Give the mailbox the right Send As for the brand's sender address, or take the address out of the brand",
	},
	"ErrorAccessDenied":              {"the application may not send from this mailbox", grantRight},
	"AccessDenied":                   {"the application may not send from this mailbox", grantRight},
	"Authorization_RequestDenied":    {"the application may not send", grantRight},
	"NoPermissionsInAccessToken":     {"the application has no permission", grantRight},
	"UnknownError":                   {"the token has no permission that Exchange knows, or the directory has no Exchange Online", grantRight},
	"InvalidAuthenticationToken":     {"Graph refuses the access token", newToken},
	"Authorization_IdentityNotFound": {"this directory has no service principal of the application", newToken},
	"OrganizationFromTenantGuidNotFound": {
		"the directory has no Exchange Online", "Give the directory of the organisation whose mailbox sends, and check its licence",
	},
	"MailboxNotEnabledForRESTAPI": {
		"the mailbox is inactive, of a guest, without a licence, or on a server of the organisation's own",
		"Use a mailbox in Exchange Online, such as a shared one",
	},
	"MailboxNotSupportedForRESTAPI": {"the mailbox is not in Exchange Online", "Use a mailbox in Exchange Online, such as a shared one"},
	"ErrorInvalidUser":              {"there is no such mailbox", checkMailbox},
	"ErrorNonExistentMailbox":       {"there is no such mailbox", checkMailbox},
	"Request_ResourceNotFound":      {"there is no such mailbox", checkMailbox},
	"ResourceNotFound":              {"there is no such mailbox", checkMailbox},
	"ErrorItemNotFound":             {"there is no such mailbox", checkMailbox},
	"ErrorMessageSizeExceeded":      {"the message is too large", "Raise the mailbox's MaxSendSize"},
	"ErrorExceededMessageLimit": {
		"the mailbox has reached its limit of recipients for the day", "Wait until the next day, use another mailbox, or add a second carrier",
	},
	"ErrorQuotaExceeded": {"the mailbox that sends is full", "Empty it, or give it more space"},
	"ErrorMessageSubmissionBlocked": {
		"Microsoft has blocked the mailbox because of suspicious mail", "Unblock it under Restricted entities in the Defender portal",
	},
	"ErrorAccountSuspend":                {"Microsoft has suspended the account", "Sign in to the mailbox and do what Microsoft asks for there"},
	"ErrorAccountSuspendShowTierUpgrade": {"Microsoft has suspended the account", "Sign in to the mailbox and do what Microsoft asks for there"},
}

// responseFault returns the fault of an answer without success. Graph's texts are left out, because they may contain an
// address. International means that the recipient's address has non-ASCII letters before the @.
func responseFault(r answer, international bool) *courier.Fault {
	f := courier.StatusFault(Carrier, r.status, r.header)
	if r.code != "" {
		f.Err = fmt.Errorf("%w, %s", f.Err, r.code)
	}
	account, known := accountCodes[r.code]
	switch {
	case r.status == http.StatusBadGateway, r.status == http.StatusGatewayTimeout: // a gateway's, with any code
	case temporaryCodes[r.code]:
		f.Kind = courier.Temporary
	case r.status/100 == 5, r.status == http.StatusTooManyRequests: // as the status says
	case r.status == http.StatusBadRequest && recipientCodes[r.code] && international:
		f.Kind, f.Reason = courier.Unsupported, verify.ReasonAddressForm
	case r.status == http.StatusBadRequest && recipientCodes[r.code]:
		f.Kind, f.Reason = courier.Rejected, verify.ReasonInvalidRecipient
	case r.status == http.StatusRequestEntityTooLarge:
		f.Err = fmt.Errorf("%w: the message is too large", f.Err)
	case known:
		f.Kind, f.NextStep = courier.Misconfigured, account.nextStep
		f.Err = fmt.Errorf("%w: %s", f.Err, account.cause)
	}
	return f
}
