// How the host wants the pod to look, read from the fragment that the loader wrote.

/** Sets the theme, and the variables that are what they should be; through the CSSOM, as the policy demands. */
export const dress = (root: HTMLElement, fragment: URLSearchParams) => {
  const theme = fragment.get("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const fits = { accent: "color", radius: "border-radius", font: "font-family" };
  for (const [name, property] of Object.entries(fits)) {
    const value = fragment.get(name);
    if (value && value.length <= 100 && CSS.supports(property, value)) root.style.setProperty(`--sp-${name}`, value);
  }
};
