// The page without a host, or with a host that may not frame it.

import { problem } from "./strings";

export const NoHost = ({ code }: { code: string }) => {
  const { title, next } = problem(code, "");
  return (
    <main class="pod">
      <div class="stopped">
        <h1 class="title">{title}</h1>
        <p class="next">{next}</p>
      </div>
    </main>
  );
};
