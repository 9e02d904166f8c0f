// The lazily loaded module, with its style sheet. It uses the CSSOM, since the Content-Security-Policy forbids style elements.

import css from "./lazy.css?inline";

export { createActions } from "./actions";
export { Banner } from "./banner";
export { createCommands } from "./commands";
export { ContactNotice } from "./contact-notice";
export { Entries } from "./entries";
export { ErrorPanel } from "./error-panel";
export { NoHost } from "./no-host";
export { Note } from "./note";
export { Pending } from "./pending";
export { createPolling } from "./polling";
export { pressTarget } from "./press";
export { report } from "./report";
export { restore } from "./restore";
export { SaveNotice } from "./save-notice";
export { createSignIn } from "./signin";
export { failureText, pollingText, rareRefusal, stage } from "./strings";
export { TechnicianUnknown, Unusable } from "./unusable";

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets.push(sheet);
