// @shieldpod/embed/jsx-preact: the type of <shield-pod> in Preact's JSX. Types only.

import type { HTMLAttributes } from "preact";
import type { ShieldPodAttributes, ShieldPodElement } from "./element.js";

declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "shield-pod": ShieldPodAttributes & HTMLAttributes<ShieldPodElement>;
    }
  }
}
