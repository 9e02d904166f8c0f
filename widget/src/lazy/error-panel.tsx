// Why there is no pod, and what to do about it.

import type { Desk } from "../app/controller";
import { Button } from "../views/button";
import { problem, words } from "./strings";

export const Stopped = ({ desk }: { desk: Desk }) => {
  const { code = "", detail = "" } = desk.state.value.problem ?? {};
  const { title, next, act } = problem(code, detail);
  return (
    <div class="stopped" role="alert">
      <p class="title">{title}</p>
      <p class="next">{next}</p>
      <Button kind={act ? "solid" : "plain"} press={desk.again}>
        {act ?? words().tryAgain}
      </Button>
    </div>
  );
};
