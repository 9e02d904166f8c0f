// Package refusal classifies the refusals of mail servers: whether the recipient or the sender is the cause.
//
// A refusal is classified by its code, by its enhanced code (RFC 3463, 5248, 6531, 7293, 7372 and the lists that
// Microsoft and Google publish), and by its text as the last resort. The recipient is the cause only where the code or
// the text is known to say so. Refusals of the sender, of relaying or of the EHLO name, limits, reputation, policies
// and unknown refusals count as the sender's.
//
// Start with [Reply.RecipientReason].
package refusal

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Reply is a refusal by a mail server.
type Reply struct {
	Code     int    // 400 to 599; 0: unknown
	Enhanced string // RFC 3463, such as "5.7.1"; empty: none
	Text     string // may name the recipient
}

// Parse reads a reply that another service repeats, such as "550 5.1.1 no such user".
func Parse(text string) Reply {
	r := Reply{Text: text}
	if found := replyPrefix.FindStringSubmatch(text); found != nil {
		r.Code, _ = strconv.Atoi(found[1])
		r.Text = strings.TrimSpace(text[len(found[0]):])
	}
	code := r.Code
	if code == 0 {
		code = 500
	}
	r.Enhanced = EnhancedCode(code, strings.Split(r.Text, "\n"))
	return r
}

var replyPrefix = regexp.MustCompile(`^\s*([45][0-9]{2})(?:[\s-]|$)`)

var (
	// Most servers begin a line with the code (RFC 2034); Cisco's put a # before it.
	leadingCodePattern = regexp.MustCompile(`^#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|$)`)
	// Some put it elsewhere. An IP address is not one.
	innerCodePattern = regexp.MustCompile(`(?:^|[\s(\[#:])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[\s)\],;:]|$)`)
)

// EnhancedCode returns the code at the beginning of a line, else a code inside the text that has the class of the reply.
// The class excludes version numbers of the server's software.
func EnhancedCode(code int, lines []string) string {
	for _, line := range lines {
		if found := leadingCodePattern.FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
	for _, line := range lines {
		for _, found := range innerCodePattern.FindAllStringSubmatch(line, -1) {
			if int(found[1][0]-'0') == code/100 {
				return found[1]
			}
		}
	}
	return ""
}

// detail returns an enhanced code without its class: "1.1" for "5.1.1".
func detail(enhanced string) string {
	_, rest, _ := strings.Cut(enhanced, ".")
	return rest
}

var (
	authCodes        = []int{530, 534, 535, 538}            // RFC 4954: about the account
	addressFormCodes = []string{"1.3", "6.7", "6.8", "6.9"} // RFC 6531: the address has non-ASCII letters
	noMailCodes      = []int{556}                           // RFC 7504: the domain accepts no mail
	restrictedCodes  = []string{                            // Exchange: the recipient accepts mail from some senders only
		"7.12", "7.124", "7.129", "7.133", "7.134", "7.135", "7.136",
	}
	// recipientCodes name the recipient as the cause, with any text.
	recipientCodes = []string{
		"1.1", "1.2", "1.3", "1.4", "1.6", "1.10", // no such mailbox, domain or address; moved; the domain accepts no mail
		"1.351",      // Exchange: the next server knows no such recipient
		"2.1", "2.4", // disabled; a list that can't be expanded
		"7.17", "7.18", // RFC 7293: the mailbox or its domain has another owner
	}
	// ambiguousCodes leave the decision to the text.
	ambiguousCodes = []string{"", "0.0", "1.0", "2.0", "3.0", "4.0", "4.1", "4.4", "5.0", "5.1", "7.0", "7.1"}
)

// RecipientReason returns the reason where the recipient is known to be the cause, else an empty code.
func (r Reply) RecipientReason() verify.Code {
	code, text := detail(r.Enhanced), plainWords(r.Text)
	switch {
	case isFull(r.Code, code, text):
		return verify.ReasonMailboxFull
	case r.Code/100 == 4, strings.HasPrefix(r.Enhanced, "4.") && r.Code == 0, slices.Contains(authCodes, r.Code):
		return ""
	case slices.Contains(restrictedCodes, code):
		return verify.ReasonBlocked
	case senderPattern.MatchString(text):
		return ""
	case slices.Contains(recipientCodes, code), code == "" && slices.Contains(noMailCodes, r.Code):
		return verify.ReasonInvalidRecipient
	case !slices.Contains(ambiguousCodes, code), explanationOf(text) != "":
		return ""
	case recipientPattern.MatchString(text), code == "2.0": // 2.0: something about the mailbox
		return verify.ReasonInvalidRecipient
	case (code == "" || strings.HasPrefix(code, "1.") || code == "4.1") && addressPattern.MatchString(text):
		return verify.ReasonInvalidRecipient
	}
	return ""
}

// IsAboutSender reports whether a code or a known text names the sender as the cause.
func (r Reply) IsAboutSender() bool {
	return r.RecipientReason() == "" && (r.Explanation() != "" || !slices.Contains(ambiguousCodes, detail(r.Enhanced)))
}

// IsAboutAddressForm reports whether the refusal is about non-ASCII letters in the address, provided it has any.
func (r Reply) IsAboutAddressForm() bool {
	return slices.Contains(addressFormCodes, detail(r.Enhanced))
}

// IsPermanentDespiteCode reports whether the text is permanent although the code is transient: Postfix replies 454 when
// it must not relay.
func (r Reply) IsPermanentDespiteCode() bool { return permanentPattern.MatchString(plainWords(r.Text)) }

// Explanation describes the cause for the operator; empty when the text is unknown. It repeats no text of the server.
func (r Reply) Explanation() string { return explanationOf(plainWords(r.Text)) }

// isFull reports whether the recipient's mailbox is full. A transient code counts too, because a code expires before the
// mailbox is emptied.
func isFull(code int, detail, text string) bool {
	switch {
	case detail == "2.2":
		return true
	case !slices.Contains(ambiguousCodes, detail):
		return false
	case detail == "" && (code == 552 || code == 422) && explanationOf(text) == "": // "exceeded storage allocation" (RFC 5321, 4.2.3)
		return true
	}
	return fullPattern.MatchString(text) && !limitPattern.MatchString(text)
}

// normalize returns the text of a reply in lower case without addresses and links, which may contain words.
func plainWords(text string) string {
	text = strings.ToLower(text)
	text = quotedAddress.ReplaceAllString(text, " ")
	return strings.Join(strings.Fields(addressOrLink.ReplaceAllString(text, " ")), " ")
}

var (
	quotedAddress = regexp.MustCompile(`<[^<>\s]*>`)
	addressOrLink = regexp.MustCompile(`\S*@\S*|\bhttps?://\S*|\bwww\.\S*`)
)

// senderPattern matches texts about the sender, relaying or the EHLO name. It has precedence over every code.
var senderPattern = regexp.MustCompile(`sender address|sender (is )?(rejected|denied|refused|blocked|invalid|unknown|not)|sender verif|(bad|invalid|unknown|unverified) sender|` +
	`(helo|ehlo|client host|mail from) (command |address )?(rejected|denied|refused)|` +
	permanentExpr)

// permanentPattern matches permanent refusals to which some servers give a transient code.
var permanentPattern = regexp.MustCompile(permanentExpr)

const permanentExpr = relayExpr + `|send ?as ?denied|(not (allowed|authorized|authorised|permitted)|permissions?) to send (as|on behalf|from)|not owned by user|must authenticate|authentication (is )?(required|failed)`

const relayExpr = `rcpthosts|relay(ing)?( access)?( is| was)?( denied| prohibited| disallowed| refused| rejected| forbidden| not| disabled)|(unable|not (allowed|permitted|authorized|authorised)|cannot|can't|refuse[sd]?|no permission|denied) to relay|(do|does) not relay|no relay|not a relay|open relay`

// explanations describe causes for the operator. The first match wins.
var explanations = []struct {
	pattern     *regexp.Regexp
	explanation string
}{
	{regexp.MustCompile(relayExpr), "it does not relay for this account or this server"},
	{regexp.MustCompile(`\b(helo|ehlo)\b|fully.qualified`), "it refuses the name that this server greets with"},
	{regexp.MustCompile(`send ?as ?denied|to send (as|on behalf)|not owned by user|permissions? to send`), "the account may not send with this sender's address"},
	{regexp.MustCompile(`authenticat|authori[sz]ation|\bauth\b|not authori[sz]ed|log ?in\b|sign.?in\b|password|credential`), "it wants another sign-in"},
	{regexp.MustCompile(`\b(spf|dkim|dmarc|arc)\b`), "the sender's domain does not pass SPF, DKIM or DMARC"},
	{regexp.MustCompile(`\bsender|mail from|return.?path|envelope.?from|from (address|header)`), "it refuses the sender's address"},
	{regexp.MustCompile(`\b(ptr|rdns)\b|reverse (dns|hostname|lookup)|client host|your (ip|host|server|network)|\bip address|cannot find your`), "it refuses the address of the server that sends"},
	{regexp.MustCompile(`block ?list|black ?list|blocked using|\brbl\b|dnsbl|spamhaus|listed (in|at|by|on)|reputation|banned|\bblocked\b`), "it blocks the server that sends, or its domain"},
	{regexp.MustCompile(`too many|\blimit|throttl|quota for (your|sending)|(sending|daily|hourly|message) quota|\brate\b|too (fast|often|quickly)`), "a limit of the account is reached"},
	{regexp.MustCompile(`spam|unsolicited|\bbulk\b|phish|malware|virus|suspicious|content (rejected|refused|denied|filter)|message (rejected|refused|content)`), "it takes the message for spam"},
	{regexp.MustCompile(`too (big|large)|message size|size limit|maximum size`), "it takes the message for too large"},
	{regexp.MustCompile(`\btls\b|starttls|encrypt`), "it wants an encrypted connection"},
	{regexp.MustCompile(`polic(y|ies)|administrative|prohibited|not allowed|violat|security`), "a rule of the server forbids it"},
	{regexp.MustCompile(`your (account|domain|message|mail|e-mail|organi[sz]ation)`), "it refuses this account, its domain or the message"},
	{regexp.MustCompile(`grey ?list|gray ?list`), "it asks to come back later"},
}

// explanationOf returns the explanation of a normalized text; empty when the text is unknown.
func explanationOf(text string) string {
	for _, m := range explanations {
		if m.pattern.MatchString(text) {
			return m.explanation
		}
	}
	return ""
}

// recipientPattern matches texts about an unknown recipient. addressPattern counts only without a code for policies.
var (
	recipientPattern = regexp.MustCompile(`(user|recipient|mailbox|account|address|alias|person|customer)( name)?( is| was| has been)?( currently)? (unknown|not found|unavailable|invalid|disabled|inactive|deactivated|suspended|closed|undeliverable|expired|not known|not valid|not local|not listed|moved)|` +
		`(user|recipient|mailbox|account|address|alias)( you)?[a-z ]{0,40} (does not|doesn't|doesn’t|do not|don't|did not|not) exist|` +
		`(unknown|invalid|nonexistent|non-existent|no such|undeliverable|unrouteable|unroutable|bad destination|inactive|disabled) (local )?(user|recipient|mailbox|account|address|person|destination|alias|domain)|` +
		`not a (known|valid) (user|mailbox|recipient|account|address)|no (mailbox|user|account|recipient)( here)?\b|not our customer|isn't a user|no longer (exists|available|valid|active)|(user|recipient) (does not|doesn't|has not) ha(ve|s)\b|(host|domain)( name)?( was)? not found|no mx|null mx|domain does not accept mail|(user|recipient) no(n|t).existent`)
	addressPattern = regexp.MustCompile(`recipient (address )?(rejected|refused|denied)|address (rejected|refused)`)
	fullPattern    = regexp.MustCompile(`(mailbox|inbox|account|user)[a-z ]{0,30}\bfull\b|over[ -]?quota|(exceed(ed|s)?|above) [a-z ]{0,24}(quota|storage)|quota (exceeded|full)|exceeded storage|storage (allocation|limit|quota)|out of (storage|space)|not enough (space|storage)|insufficient (mailbox|disk) |mailbox size`)
	limitPattern   = regexp.MustCompile(`sending|daily|hourly|per (day|hour|minute)|\brate\b|message size|too many|spam|virus`)
)
