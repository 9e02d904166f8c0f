// The host's side of the hosted API. Every message is a JSON string. A pod reports that it is ready,
// receives the id of its frame, sends it in every message, and acknowledges every event: until then
// the screen does not save.

/** How an event carries its screen: as the shipped sample has it, and as the documentation has it. */
export const shapes = {
  data: (screen) => ({ data: { screenObject: screen } }),
  args: (screen) => ({ args: { ...screen, id: String(screen.id) } }),
  nested: (screen) => ({ args: { screenObject: screen } }),
};

/** How the keys of a member's data are spelled: it varies. */
export const spellings = {
  documented: (key) => key,
  camel: (key) => key.replace(/id$/, "Id"),
  lower: (key) => key.toLowerCase(),
  pascal: (key) => key[0].toUpperCase() + key.slice(1),
};

/**
 * @param page.origin whom messages are addressed to, and the only one whom they are taken from
 * @param page.screen gives what is on screen: {screen, id, hostedAs}
 * @param page.answers what pods may ask for, by request: each gets the request's args and gives data, or undefined for no answer
 * @param page.log is told each message that came, went or was dropped
 */
export const createHost = ({ origin, shape, screen, answers, log }) => {
  const pods = new Map(); // window of a frame → { id, waiting: event's _id → callback of the acknowledgement }
  let events = 0;

  const say = (window, message) => {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    log("out", text);
    window.postMessage(text, origin);
  };

  const fireAt = (window, event, about = screen()) => {
    const _id = String(++events);
    const acknowledged = new Promise((resolve) => pods.get(window).waiting.set(_id, resolve));
    say(window, { event, _id, ...shapes[shape](about) });
    return acknowledged;
  };

  const ready = (window, pod) => {
    for (const resolve of pod.waiting.values()) resolve({ result: "success" }); // of a previous page
    pod.waiting.clear();
    pod.id = crypto.randomUUID();
    say(window, { MessageFrameID: pod.id });
    fireAt(window, "onLoad");
  };

  const answer = async (window, { hosted_request: request, args }) => {
    if (!Object.hasOwn(answers, request)) return log("dropped", `there is no request ${request}`);
    const data = await answers[request](args);
    if (data !== undefined) say(window, { response: request.toLowerCase(), data });
  };

  const hear = (e) => {
    const pod = pods.get(e.source);
    if (!pod || e.origin !== origin) return pod && log("dropped", `from ${e.origin}, not ${origin}`);
    let message;
    try {
      message = typeof e.data === "string" ? JSON.parse(e.data) : null;
    } catch {
      message = null;
    }
    if (typeof message !== "object" || message === null) return log("dropped", "not a JSON string");
    log("in", e.data);
    if (message.message === "ready") return ready(e.source, pod);
    if (!pod.id || message.frameID !== pod.id) return log("dropped", "without the id of its frame");
    if (message.event) {
      const acknowledge = pod.waiting.get(message._id);
      if (!acknowledge) return log("dropped", "acknowledges nothing that waits");
      pod.waiting.delete(message._id);
      return acknowledge(message);
    }
    if (typeof message.hosted_request === "string") return void answer(e.source, message);
    log("dropped", "neither an acknowledgement nor a hosted_request");
  };
  window.addEventListener("message", hear);

  return {
    adopt: (window) => pods.set(window, { id: "", waiting: new Map() }),
    say: (message) => {
      for (const window of pods.keys()) say(window, message);
    },
    /** Fires at every pod that is ready, and gives their acknowledgements. */
    fire: (event, about) =>
      Promise.all([...pods].filter(([, pod]) => pod.id).map(([window]) => fireAt(window, event, about))),
    /** Waits until nothing is left to acknowledge. */
    settled: async () => {
      for (const pod of pods.values()) {
        while (pod.waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    unacknowledged: () => [...pods.values()].reduce((sum, pod) => sum + pod.waiting.size, 0),
  };
};
