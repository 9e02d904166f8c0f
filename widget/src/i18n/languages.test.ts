import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { channel, contact, pending } from "../../test/harness";
import { english } from "../lazy/english";
import { errorText, failureText, problem, rareRefusal, script, stage } from "../lazy/strings";
import type { Method, Reason } from "../types";
import { initial as source } from "./languages/en";
import { type Language, languageTag, setLanguage, strings } from "./strings";

const tags = readdirSync(new URL("languages/", import.meta.url))
  .filter((file) => /^[a-z]+\.ts$/.test(file) && file !== "en.ts")
  .map((file) => file.slice(0, -".ts".length));

/** Every key as a path. Lists with optional keys are left out. */
const paths = (value: unknown, at = ""): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}.${key}`))
    : [at];

const open = /^\.(errors|problems\.[^.]+\.act$)/;
const keys = (catalogue: unknown) => paths(catalogue).filter((path) => !open.test(path));

describe.each(tags)("the language %s", (language) => {
  const read = async () => (await import(`./languages/${language}.ts`)) as Language;

  it("has every string that English has, and no other", async () => {
    const { initial, lazy } = await read();
    expect(keys(initial)).toEqual(keys(source));
    expect(keys(lazy)).toEqual(keys(english));
  });

  it("has a text for every failure", async () => {
    const { lazy } = await read();
    for (const mail of [true, false]) {
      const mine = lazy.failures("Dana Reyes", mail, "Next.");
      const theirs = english.failures("Dana Reyes", mail, "Next.");
      expect(Object.keys(mine)).toEqual(Object.keys(theirs));
      expect(mine.mailbox_full).toContain("Dana Reyes");
    }
  });

  it("inserts its parameters", async () => {
    const { initial, lazy } = await read();
    expect(initial.verified("14:02", "Ana", "14:32")).toMatch(/14:02.*Ana.*14:32/);
    expect(lazy.lockedByCodes(10, "Acme IT")).toMatch(/10.*Acme IT/);
    expect(lazy.nearLimit(8, 10, "X", "Y")).toMatch(/8.*10.*X.*Y/);
    expect(lazy.triesLeft(2)).toContain("2");
    expect(lazy.triesLeft(1)).not.toBe(lazy.triesLeft(2).replace("2", "1"));
    expect(lazy.scripts.number("47")).toContain("47");
  });
});

describe("the current language", () => {
  afterEach(() => setLanguage("en"));

  it.each([
    ["de", "de", "Anrufer verifizieren"],
    ["de-AT", "de", "Anrufer verifizieren"],
    ["FR", "fr", "Vérifier l’appelant"],
    ["es", "es", "Verificar a quien llama"],
    ["nl", "nl", "Beller verifiëren"],
    ["tlh", "en", "Verify caller"],
    ["../en", "en", "Verify caller"],
    ["", "en", "Verify caller"],
  ])("%s sets the language %s", async (wanted, spoken, verifyCaller) => {
    await setLanguage(wanted);
    expect(languageTag).toBe(spoken);
    expect(strings.verifyCaller).toBe(verifyCaller);
  });

  it("changes all later strings", async () => {
    await setLanguage("de");
    const reason: Reason = "mailbox_full";
    expect(
      failureText(
        { state: "failed", method: "email_link", reason },
        contact("dana", 1, [channel("mail"), { ...channel("mobile"), methods: [] }]),
      ),
    ).toBe("Das Postfach von dana ist voll und nimmt nichts an. Folgen Sie Ihrer Anweisung.");
    expect(rareRefusal("opted_out")).toBe("Hat STOP geschrieben. Ein Administrator kann das aufheben");
    expect(stage({ ...pending("v_1"), stage: "delivered" }, "14:07").text).toBe("Code zugestellt");
    expect(script("sms_code" as Method, pending("v_1"))).toBe(
      "Fragen Sie: „Lesen Sie mir die sechs Ziffern aus der SMS vor.“",
    );
    expect(problem("session_ended", "").title).toBe("Die Sitzung ist beendet");
    expect(errorText("cooldown", "Wait 7 seconds.", 7)).toContain("7 Sekunden");
    expect(errorText("cooldown", "Wait 1 second.", 1)).toContain("1 Sekunde bis");
    expect(errorText("new_code", "Something new.", 0)).toBe("Something new.");
    await setLanguage("en");
    expect(errorText("cooldown", "Wait 7 seconds.", 7)).toBe("Wait 7 seconds.");
  });
});
