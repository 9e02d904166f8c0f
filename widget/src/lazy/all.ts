// All that comes later, with its own style sheet: through the CSSOM, as the page's policy demands.

import css from "./lazy.css?inline";

export { Entries } from "./entries";
export { Stopped } from "./error-panel";
export { Alone } from "./no-host";
export { Note } from "./note";
export { Pending } from "./pending";
export { createFeed } from "./polling";
export { report } from "./report";
export { restore } from "./restore";
export { Saved } from "./save-notice";
export { createSignIn } from "./signin";
export { TechnicianUnknown, Unusable } from "./unusable";

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets.push(sheet);
