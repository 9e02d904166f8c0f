// The host's theme: color scheme, accent color, corner radius and font.

import type { ThemeOptions } from "../../../embed/src/protocol";

const cssProperties = { accent: "color", radius: "border-radius", font: "font-family" } as const;

/** Applies valid values and removes the others. Uses the CSSOM, since the Content-Security-Policy forbids style attributes. */
export const applyTheme = ({ dataset, style }: HTMLElement, options: ThemeOptions) => {
  dataset.theme = options.theme ?? "auto";
  for (const name of ["accent", "radius", "font"] as const) {
    const value = options[name];
    if (value && CSS.supports(cssProperties[name], value)) style.setProperty(`--sp-${name}`, value);
    else style.removeProperty(`--sp-${name}`);
  }
};
