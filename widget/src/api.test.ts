import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApi, Refusal, Unreachable } from "./api";
import { systemClock } from "./clock";

beforeEach(() => {
  vi.useFakeTimers();
});

const over = new AbortController();
const asking = (fetch: (url: string, init: RequestInit) => Promise<Response>, signal = over.signal) =>
  createApi(fetch, systemClock).cancel("bearer", signal, "v/1");
const problem =
  (body: unknown, status = 409) =>
  async () =>
    Response.json(body, { status });

describe("an answer", () => {
  it("is the server's, to the bearer's own request", async () => {
    const fetch = vi.fn(async (_url: string, _init: RequestInit) => Response.json({ id: "v/1" }));
    expect(await asking(fetch)).toEqual({ id: "v/1" });
    expect(fetch.mock.calls[0]?.[0]).toBe("/api/v1/verifications/v%2F1/cancel");
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: "POST", headers: { Authorization: "Bearer bearer" } });
  });

  it("that refuses has the server's code, words and status", async () => {
    const refused = await asking(problem({ code: "verification_ended", detail: "It has ended." })).catch((e) => e);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code: "verification_ended", detail: "It has ended.", status: 409 });
  });

  it.each([
    ["the network's", () => Promise.reject(new TypeError("Failed to fetch"))],
    ["a proxy's page", async () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
    ["a proxy's JSON", problem({ message: "no upstream" }, 503)],
    ["nothing that is said", problem(null, 500)],
  ])("that is %s is none", async (_, fetch) => {
    await expect(asking(fetch)).rejects.toBeInstanceOf(Unreachable);
  });
});

/** A server that takes the request and never answers. */
const never = (_: string, { signal }: RequestInit) =>
  new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

it("a server that does not answer for 15 seconds is not waited for", async () => {
  const ended = vi.fn();
  void asking(never).catch(ended);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledExactlyOnceWith(expect.any(Unreachable));
});

it("a request ends with its ticket, and leaves no timer behind", async () => {
  const ticket = new AbortController();
  const ended = asking(never, ticket.signal);
  ticket.abort();
  await expect(ended).rejects.toBeInstanceOf(Unreachable);
  expect(vi.getTimerCount()).toBe(0);
});
