// Package refusal reads what a mail server means by a refusal: whether it is the recipient's fault, and if not, what it
// says about us.
//
// Start with [Reply.Recipient]. A refusal is read by its code, its enhanced code (RFC 3463, 5248, 6531, 7293, 7372 and
// the lists that Microsoft and Google publish), and its words as the last resort. The recipient is blamed only for what
// is known to be the recipient's: a sender who is refused, relaying, the greeting, limits, reputation and rules are ours,
// and so is what nothing is known of.
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
	Code     int    // 400 to 599; 0 when it is not known
	Enhanced string // RFC 3463, such as "5.7.1"; empty when there is none
	Text     string // its words: they may name the recipient
}

// Parse reads a reply that another service repeats, such as "550 5.1.1 no such user".
func Parse(text string) Reply {
	r := Reply{Text: text}
	if found := leadingReply.FindStringSubmatch(text); found != nil {
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

var leadingReply = regexp.MustCompile(`^\s*([45][0-9]{2})(?:[\s-]|$)`)

var (
	// Most servers begin a line with the code (RFC 2034); Cisco's put a # before it.
	leadingCode = regexp.MustCompile(`^#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|$)`)
	// Some put it elsewhere. An IP address is not one.
	innerCode = regexp.MustCompile(`(?:^|[\s(\[#:])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[\s)\],;:]|$)`)
)

// EnhancedCode finds the code that a line begins with, else one inside of the text that is of the reply's own class:
// a version of the server's software is not.
func EnhancedCode(code int, lines []string) string {
	for _, line := range lines {
		if found := leadingCode.FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
	for _, line := range lines {
		for _, found := range innerCode.FindAllStringSubmatch(line, -1) {
			if int(found[1][0]-'0') == code/100 {
				return found[1]
			}
		}
	}
	return ""
}

// detail is an enhanced code without its class: "1.1" of "5.1.1".
func detail(enhanced string) string {
	_, rest, _ := strings.Cut(enhanced, ".")
	return rest
}

var (
	signInCodes = []int{530, 534, 535, 538}            // RFC 4954: they speak of the account
	formCodes   = []string{"1.3", "6.7", "6.8", "6.9"} // RFC 6531: the address has letters outside of ASCII
	noDomain    = []int{556}                           // RFC 7504: the domain takes no mail
	restricted  = []string{                            // Exchange: the recipient takes mail from some senders only
		"7.12", "7.124", "7.129", "7.133", "7.134", "7.135", "7.136",
	}
	// recipientCodes are the recipient's, whatever the words are.
	recipientCodes = []string{
		"1.1", "1.2", "1.3", "1.4", "1.6", "1.10", // no such mailbox, domain or address; moved; the domain takes no mail
		"1.351",      // Exchange: the next server knows no such recipient
		"2.1", "2.4", // disabled; a list that can't be expanded
		"7.17", "7.18", // RFC 7293: the mailbox or its domain has another owner
	}
	// openCodes say too little: the words decide.
	openCodes = []string{"", "0.0", "1.0", "2.0", "3.0", "4.0", "4.1", "4.4", "5.0", "5.1", "7.0", "7.1"}
)

// Recipient tells why the refusal is the recipient's; empty when it is not, or when nothing says so.
func (r Reply) Recipient() verify.Code {
	code, words := detail(r.Enhanced), plainWords(r.Text)
	switch {
	case isFull(r.Code, code, words):
		return verify.ReasonMailboxFull
	case r.Code/100 == 4, strings.HasPrefix(r.Enhanced, "4.") && r.Code == 0, slices.Contains(signInCodes, r.Code):
		return ""
	case slices.Contains(restricted, code):
		return verify.ReasonBlocked
	case senderWords.MatchString(words):
		return ""
	case slices.Contains(recipientCodes, code), code == "" && slices.Contains(noDomain, r.Code):
		return verify.ReasonInvalidRecipient
	case !slices.Contains(openCodes, code), meaningOf(words) != "":
		return ""
	case recipientWords.MatchString(words), code == "2.0": // 2.0: something about the mailbox
		return verify.ReasonInvalidRecipient
	case (code == "" || strings.HasPrefix(code, "1.") || code == "4.1") && addressWords.MatchString(words):
		return verify.ReasonInvalidRecipient
	}
	return ""
}

// Ours tells whether something says that the refusal is of us: a code, or words that are known.
func (r Reply) Ours() bool {
	return r.Recipient() == "" && (r.Meaning() != "" || !slices.Contains(openCodes, detail(r.Enhanced)))
}

// Form tells whether the refusal is of an address that has letters outside of ASCII, if it has.
func (r Reply) Form() bool { return slices.Contains(formCodes, detail(r.Enhanced)) }

// Soft tells whether the words are for good though the code says "for now": Postfix answers 454 when it may not relay.
func (r Reply) Soft() bool { return softRefusal.MatchString(plainWords(r.Text)) }

// Meaning is what the words say about us, for the operator; empty when they say nothing that is known. It is none of
// the server's own words.
func (r Reply) Meaning() string { return meaningOf(plainWords(r.Text)) }

// isFull tells whether the recipient's mailbox is full, if only for now: no code waits for a clean-up.
func isFull(code int, detail, words string) bool {
	switch {
	case detail == "2.2":
		return true
	case !slices.Contains(openCodes, detail):
		return false
	case detail == "" && (code == 552 || code == 422) && meaningOf(words) == "": // "exceeded storage allocation" (RFC 5321, 4.2.3)
		return true
	}
	return fullWords.MatchString(words) && !limitWords.MatchString(words)
}

// plainWords are the words of a reply in small letters, without addresses (which may be made of words) and links.
func plainWords(text string) string {
	text = strings.ToLower(text)
	text = quotedAddress.ReplaceAllString(text, " ")
	return strings.Join(strings.Fields(addressOrLink.ReplaceAllString(text, " ")), " ")
}

var (
	quotedAddress = regexp.MustCompile(`<[^<>\s]*>`)
	addressOrLink = regexp.MustCompile(`\S*@\S*|\bhttps?://\S*|\bwww\.\S*`)
)

// senderWords speak of the sender, of relaying or of the greeting so plainly that no code outweighs them.
var senderWords = regexp.MustCompile(`sender address|sender (is )?(rejected|denied|refused|blocked|invalid|unknown|not)|sender verif|(bad|invalid|unknown|unverified) sender|` +
	`(helo|ehlo|client host|mail from) (command |address )?(rejected|denied|refused)|` +
	softly)

// softRefusal is for good, though some servers give it a code that says "for now": Postfix does so when it may not relay.
var softRefusal = regexp.MustCompile(softly)

const softly = relaying + `|send ?as ?denied|(not (allowed|authorized|authorised|permitted)|permissions?) to send (as|on behalf|from)|not owned by user|must authenticate|authentication (is )?(required|failed)`

const relaying = `rcpthosts|relay(ing)?( access)?( is| was)?( denied| prohibited| disallowed| refused| rejected| forbidden| not| disabled)|(unable|not (allowed|permitted|authorized|authorised)|cannot|can't|refuse[sd]?|no permission|denied) to relay|(do|does) not relay|no relay|not a relay|open relay`

// meanings are what words say about us, for the operator. The first that fits is told.
var meanings = []struct {
	words   *regexp.Regexp
	meaning string
}{
	{regexp.MustCompile(relaying), "it does not relay for this account or this server"},
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

// meaningOf tells what words say about us; empty when they say nothing that is known.
func meaningOf(words string) string {
	for _, m := range meanings {
		if m.words.MatchString(words) {
			return m.meaning
		}
	}
	return ""
}

// recipientWords say that there is no such recipient. addressWords say so where no code speaks of rules.
var (
	recipientWords = regexp.MustCompile(`(user|recipient|mailbox|account|address|alias|person|customer)( name)?( is| was| has been)?( currently)? (unknown|not found|unavailable|invalid|disabled|inactive|deactivated|suspended|closed|undeliverable|expired|not known|not valid|not local|not listed|moved)|` +
		`(user|recipient|mailbox|account|address|alias)( you)?[a-z ]{0,40} (does not|doesn't|doesn’t|do not|don't|did not|not) exist|` +
		`(unknown|invalid|nonexistent|non-existent|no such|undeliverable|unrouteable|unroutable|bad destination|inactive|disabled) (local )?(user|recipient|mailbox|account|address|person|destination|alias|domain)|` +
		`not a (known|valid) (user|mailbox|recipient|account|address)|no (mailbox|user|account|recipient)( here)?\b|not our customer|isn't a user|no longer (exists|available|valid|active)|(user|recipient) (does not|doesn't|has not) ha(ve|s)\b|(host|domain)( name)?( was)? not found|no mx|null mx|domain does not accept mail|(user|recipient) no(n|t).existent`)
	addressWords = regexp.MustCompile(`recipient (address )?(rejected|refused|denied)|address (rejected|refused)`)
	fullWords    = regexp.MustCompile(`(mailbox|inbox|account|user)[a-z ]{0,30}\bfull\b|over[ -]?quota|(exceed(ed|s)?|above) [a-z ]{0,24}(quota|storage)|quota (exceeded|full)|exceeded storage|storage (allocation|limit|quota)|out of (storage|space)|not enough (space|storage)|insufficient (mailbox|disk) |mailbox size`)
	limitWords   = regexp.MustCompile(`sending|daily|hourly|per (day|hour|minute)|\brate\b|message size|too many|spam|virus`)
)
