// How the host wants the pod to look.

import type { Look } from "../../../embed/src/protocol";

const fits = { accent: "color", radius: "border-radius", font: "font-family" } as const;

/** Sets the theme, and the variables that are what they should be; through the CSSOM, as the policy demands. */
export const dress = ({ dataset, style }: HTMLElement, look: Look) => {
  dataset.theme = look.theme ?? "auto";
  for (const name of ["accent", "radius", "font"] as const) {
    const value = look[name];
    if (value && CSS.supports(fits[name], value)) style.setProperty(`--sp-${name}`, value);
    else style.removeProperty(`--sp-${name}`);
  }
};
