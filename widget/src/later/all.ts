// All that comes later, with its own style sheet: through the CSSOM, as the page's policy demands.

import css from "./later.css?inline";

export { Alone } from "./alone";
export { Entries } from "./entries";
export { createFeed } from "./feed";
export { Note } from "./note";
export { Pending } from "./pending";
export { report } from "./report";
export { restore } from "./restore";
export { Saved } from "./saved";
export { createSignIn } from "./signin";
export { Stopped } from "./stopped";
export { TechnicianUnknown, Unusable } from "./unusable";

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets.push(sheet);
