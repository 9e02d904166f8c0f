// The page without a host, or with one that it may not work in: nothing can be verified here.

import { problem } from "./strings";

export const Alone = ({ code }: { code: string }) => {
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
