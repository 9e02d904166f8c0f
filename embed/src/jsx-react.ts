// @shieldpod/embed/jsx-react: the type of <shield-pod> in React's JSX, versions 18 and 19. Types only.

import type * as React from "react";
import type { ShieldPodAttributes, ShieldPodElement } from "./element.js";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "shield-pod": ShieldPodAttributes &
        React.HTMLAttributes<ShieldPodElement> &
        React.RefAttributes<ShieldPodElement>;
    }
  }
}
