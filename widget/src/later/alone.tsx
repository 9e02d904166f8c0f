// The page without a host: nothing can be verified here.

import { problem } from "./words";

export const Alone = () => {
  const { title, next } = problem("no_parent", "");
  return (
    <main class="pod">
      <div class="stopped">
        <h1 class="title">{title}</h1>
        <p class="next">{next}</p>
      </div>
    </main>
  );
};
