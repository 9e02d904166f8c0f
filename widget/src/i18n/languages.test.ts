import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { channel, contact, pending } from "../../test/harness";
import { later as english } from "../lazy/english";
import { problem, script } from "../lazy/strings";
import type { Method, Reason } from "../types";
import { first as source } from "./languages/en";
import { failed, fault, type Language, refusal, speak, stage, tag, words } from "./strings";

const tags = readdirSync(new URL("languages/", import.meta.url))
  .filter((file) => /^[a-z]+\.ts$/.test(file) && file !== "en.ts")
  .map((file) => file.slice(0, -".ts".length));

/** Every key, as a path; lists of what may be said are open. */
const paths = (value: unknown, at = ""): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}.${key}`))
    : [at];

const open = /^\.(faults|problems\.[^.]+\.act$)/;
const keys = (catalogue: unknown) => paths(catalogue).filter((path) => !open.test(path));

describe.each(tags)("the language %s", (language) => {
  const read = async () => (await import(`./languages/${language}.ts`)) as Language;

  it("has every word that English has, and no other", async () => {
    const { first, later } = await read();
    expect(keys(first)).toEqual(keys(source));
    expect(keys(later)).toEqual(keys(english));
  });

  it("has a word for every failure", async () => {
    const { first } = await read();
    for (const mail of [true, false]) {
      const mine = first.failures("Dana Reyes", mail, "Next.");
      const theirs = source.failures("Dana Reyes", mail, "Next.");
      expect(Object.keys(mine)).toEqual(Object.keys(theirs));
      expect(mine.mailbox_full).toContain("Dana Reyes");
    }
  });

  it("fills in what it is told", async () => {
    const { first, later } = await read();
    expect(first.verified("14:02", "Ana", "14:32")).toMatch(/14:02.*Ana.*14:32/);
    expect(first.lockedByCodes(10, "Acme IT")).toMatch(/10.*Acme IT/);
    expect(later.nearLimit(8, 10, "X", "Y")).toMatch(/8.*10.*X.*Y/);
    expect(later.triesLeft(2)).toContain("2");
    expect(later.triesLeft(1)).not.toBe(later.triesLeft(2).replace("2", "1"));
    expect(later.scripts.number("47")).toContain("47");
  });
});

describe("speaking", () => {
  afterEach(() => speak("en"));

  it.each([
    ["de", "de", "Anrufer verifizieren"],
    ["de-AT", "de", "Anrufer verifizieren"],
    ["FR", "fr", "Vérifier l’appelant"],
    ["es", "es", "Verificar a quien llama"],
    ["nl", "nl", "Beller verifiëren"],
    ["tlh", "en", "Verify caller"],
    ["../en", "en", "Verify caller"],
    ["", "en", "Verify caller"],
  ])("%s has the pod speak %s", async (wanted, spoken, verifyCaller) => {
    await speak(wanted);
    expect(tag).toBe(spoken);
    expect(words.verifyCaller).toBe(verifyCaller);
  });

  it("changes everything that is said from then on", async () => {
    await speak("de");
    const reason: Reason = "mailbox_full";
    expect(
      failed(
        { state: "failed", method: "email_link", reason },
        contact("dana", 1, [channel("mail"), { ...channel("mobile"), methods: [] }]),
      ),
    ).toBe("Das Postfach von dana ist voll und nimmt nichts an. Folgen Sie Ihrer Anweisung.");
    expect(refusal({ method: "sms_code", reason: "opted_out" }, false)).toBe(
      "Code: Hat STOP geschrieben. Ein Administrator kann das aufheben",
    );
    expect(stage({ ...pending("v_1"), stage: "delivered" }, "14:07").text).toBe("Code zugestellt");
    expect(script("sms_code" as Method, pending("v_1"))).toBe(
      "Fragen Sie: „Lesen Sie mir die sechs Ziffern aus der SMS vor.“",
    );
    expect(problem("session_ended", "").title).toBe("Die Sitzung ist beendet");
    expect(fault("cooldown", "Wait 7 seconds.", 7)).toContain("7 Sekunden");
    expect(fault("cooldown", "Wait 1 second.", 1)).toContain("1 Sekunde bis");
    expect(fault("of a later server", "Something new.", 0)).toBe("Something new.");
    await speak("en");
    expect(fault("cooldown", "Wait 7 seconds.", 7)).toBe("Wait 7 seconds.");
  });
});
