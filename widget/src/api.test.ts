import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, createApi, NetworkError } from "./api";
import { systemClock } from "./clock";
import { createActions } from "./lazy/actions";

beforeEach(() => {
  vi.useFakeTimers();
});

const over = new AbortController();
const asking = (fetch: (url: string, init: RequestInit) => Promise<Response>, signal = over.signal) =>
  createActions(createApi(fetch, systemClock).request).cancel("bearer", signal, "v/1");
const problem =
  (body: unknown, status = 409) =>
  async () =>
    Response.json(body, { status });

describe("a response", () => {
  it("is the server's, to a request with the bearer", async () => {
    const fetch = vi.fn(async (_url: string, _init: RequestInit) => Response.json({ id: "v/1" }));
    expect(await asking(fetch)).toEqual({ id: "v/1" });
    expect(fetch.mock.calls[0]?.[0]).toBe("/api/v1/verifications/v%2F1/cancel");
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: "POST", headers: { Authorization: "Bearer bearer" } });
  });

  it("with an error has the server's code, sentence and status", async () => {
    const refused = await asking(problem({ code: "verification_ended", detail: "It has ended." })).catch((e) => e);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ code: "verification_ended", detail: "It has ended.", status: 409 });
  });

  it.each([
    ["the network's", () => Promise.reject(new TypeError("Failed to fetch"))],
    ["a proxy's page", async () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
    ["a proxy's JSON", problem({ message: "no upstream" }, 503)],
    ["nothing that is said", problem(null, 500)],
  ])("that is %s is a network error", async (_, fetch) => {
    await expect(asking(fetch)).rejects.toBeInstanceOf(NetworkError);
  });
});

/** A server that accepts the request and never responds. */
const never = (_: string, { signal }: RequestInit) =>
  new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

it("a request times out after 15 seconds", async () => {
  const ended = vi.fn();
  void asking(never).catch(ended);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledExactlyOnceWith(expect.any(NetworkError));
});

it("a request ends with its ticket, and leaves no timer", async () => {
  const ticket = new AbortController();
  const ended = asking(never, ticket.signal);
  ticket.abort();
  await expect(ended).rejects.toBeInstanceOf(NetworkError);
  expect(vi.getTimerCount()).toBe(0);
});
