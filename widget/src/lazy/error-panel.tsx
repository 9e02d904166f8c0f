// The error that stopped the pod, and what to do about it.

import { strings } from "../i18n/strings";
import { Button } from "../views/button";
import type { Controller } from "../views/controller";
import { problem } from "./strings";

export const ErrorPanel = ({ controller }: { controller: Controller }) => {
  const { code = "", detail = "" } = controller.state.value.problem ?? {};
  const { title, next, act } = problem(code, detail);
  return (
    <div class="stopped" role="alert">
      <p class="title">{title}</p>
      <p class="next">{next}</p>
      <Button kind={act ? "solid" : "plain"} onPress={controller.retry}>
        {act ?? strings.tryAgain}
      </Button>
    </div>
  );
};
