package launch

import (
	"strings"
	"unicode"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// labels state the kind of line, or that the value is a number, in the languages of the offices that write them. They
// do not change the number; any other word may ("not any more", "of his wife").
var labels = newSet(`
tel tele telef tél teléf tfno tlfno tfn mvl mov móv port kontakt contact rückruf callback erreichbar reach dial telefon
telefono teléfono telefone telephone téléphone telephon phone ph fon fone fono numéro numero número
nummer number num nr no nº telefonnummer telefonnr rufnummer phonenumber telnr telno call callto sms text mms imessage
mobil mobile mob mobiltelefon mobilnummer mobiltlf mobilnr mobilni mobilný mobilní mobiele mobiel mobilephone mobilephonenumber
handy handynummer handynr natel cell cellphone cellular cel celular celulare cellulare portable portatile gsm smartphone
móvil movil telemóvel telemovel tlm kännykkä matkapuhelin puhelin puh tlf tfn mobilen komórka komórkowy kom komorka
telefoon telefoonnummer mobieltje iphone android whatsapp wa signal telegram viber threema
office büro buero bureau work arbeit geschäft geschäftlich gesch dienstlich dienst diensthandy firma firmenhandy business biz job
oficina trabajo trabalho ufficio lavoro travail pro professionnel kantoor werk zakelijk praca služební arbete
home privat private priv privé prive persönlich personal personnel perso zuhause haus casa domicile thuis hem koti
main haupt hauptnummer principal primary preferred direct direkt desk festnetz landline fixe fisso fijo vast
m c h w t p o tm mt mp
моб мобильный мобильная мобільний сотовый сот тел телефон раб рабочий дом домашний личный номер
κινητό κινητο τηλ τηλέφωνο טלפון נייד סלולרי جوال هاتف موبايل الجوال الهاتف موبایل تلفن همراه मोबाइल फोन
携帯 携帯電話 電話 電話番号 手机 手機 电话 电话号码 手机号 手机号码 行動 行動電話 移动电话 휴대폰 핸드폰 휴대전화 전화 전화번호 โทร มือถือ
cep telefonu gsmno telefonszám mobilszám mobiltelefonszám număr telefonní číslo č
de di of the of du le la el il der die das`)

// faxLabels mark a number that receives no text messages.
var faxLabels = newSet(`fax telefax faxnummer faks facsimile télécopie telecopie telekopi факс фax 传真 傳真 ファックス 팩스 fx`)

// extensionLabels precede the digits of an extension.
var extensionLabels = newSet(`
x ex ext exte exten extn extension extensión extensão extensao xtn xt durchwahl dw dwl nst nebenstelle apparat app klappe kl
poste post int interno interne interni anexo anexa ramal rml toestel tst tstl lokal lok linia linka kl klapka mellék mell
wewn wew wewnętrzny доб добавочный доп вн внутр внутренний внут εσωτ εσωτερικό שלוחה تحويلة داخلي داخلی
内線 转 轉 转接 分机 分機 내선 dahili dah iç ek anschluss anschl alanumero alanro sis mobext p w pause wait pin press option opt tone`)

func newSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

func isExtensionLabel(word string) bool { return extensionLabels[word] }

// words gives the runs of letters, in lower case.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) })
}

// Punctuation that may stand around labels. Fewer characters are allowed behind a number, because there they may begin
// an extension.
const (
	beforeNumber = " .:;,-/()=|*'\"`’‘“”„>&_☎☏✆📞📱📲📳📴🏠🏢🏡"
	behindNumber = " .;,()'\"’‘“”☎☏✆📞📱📲📳📴🏠🏢🏡"
)

// unlabel gives the number without the labels before and after it, or the reason why other text stands there.
func unlabel(value string) (string, verify.Unusable) {
	begin := strings.IndexFunc(value, func(r rune) bool { return isDigit(r) || r == '+' })
	end := strings.LastIndexFunc(value, isDigit) + 1
	if begin < 0 || end <= begin {
		if len(words(value)) > 0 {
			return "", verify.UnusableWords
		}
		return "", verify.UnusableInvalid
	}
	// Brackets around the number's own digits belong to it.
	if trimmed := strings.TrimRight(value[:begin], " "); strings.HasSuffix(trimmed, "(") {
		begin = len(trimmed) - 1
	}
	number, before, behind := value[begin:end], value[:begin], value[end:]
	if strings.Count(number, "(") > strings.Count(number, ")") {
		if rest := strings.TrimLeft(behind, " "); strings.HasPrefix(rest, ")") {
			number, behind = number+")", rest[1:]
		}
	}
	for _, part := range []struct{ text, punctuation string }{{before, beforeNumber}, {behind, behindNumber}} {
		words := words(part.text)
		for _, word := range words {
			switch {
			case faxLabels[word]:
				return "", verify.UnusableFax
			case !labels[word] && isExtensionLabel(word):
				return "", verify.UnusableExtension
			case !labels[word]:
				return "", severalOrWords(value)
			}
		}
		odd := strings.IndexFunc(part.text, func(r rune) bool {
			numbers := r == '#' && len(words) > 0 && part.text == before
			return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) && !strings.ContainsRune(part.punctuation, r) && !numbers
		})
		if odd >= 0 {
			return "", reasonForExtra(value)
		}
	}
	return number, ""
}

// severalOrWords distinguishes a value with several numbers from a value with words.
func severalOrWords(value string) verify.Unusable {
	if reason := reasonForExtra(value); reason == verify.UnusableSeveral {
		return reason
	}
	return verify.UnusableWords
}
