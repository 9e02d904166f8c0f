// Codes in the digits of other scripts: typed, pasted, and by an input method.

import { expect, type Page, test } from "@playwright/test";
import { showScene } from "./scene-page";
import { pending, three } from "./scene-parts";

const open = async (page: Page) => {
  const { pod } = await showScene(page, { name: "typing", pod: three(pending("sms_code", "delivered")) }, "light");
  const field = pod.getByLabel("Enter code here");
  const checked: unknown[] = [];
  await page.route("https://pod.example/api/v1/verifications/*/code", (route) => {
    checked.push(route.request().postDataJSON());
    return route.abort();
  });
  await field.click();
  return { field, checked };
};

for (const [name, typed] of [
  ["fullwidth digits", "４８２１９３"],
  ["Arabic digits", "٤٨٢١٩٣"],
  ["Persian digits with direction marks", "\u2067۴۸۲ ۱۹۳\u2069"],
  ["Thai digits with a dash", "๔๘๒–๑๙๓"],
] as const) {
  test(`${name} are read as the digits of the code`, async ({ page }) => {
    const { field, checked } = await open(page);
    await page.keyboard.insertText(typed); // as a paste: one input event
    await expect(field).toHaveValue("482 193");
    await field.press("Enter");
    await expect.poll(() => checked).toEqual([{ code: "482193" }]);
  });
}

test("an input method's composition is not changed until it ends", async ({ page }) => {
  const { field, checked } = await open(page);
  const ime = await page.context().newCDPSession(page);
  for (const text of ["４", "４８", "４８２"]) {
    await ime.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    await expect(field).toHaveValue(text);
  }
  await ime.send("Input.insertText", { text: "４８２" });
  await expect(field).toHaveValue("482");
  await page.keyboard.type("193");
  await expect(field).toHaveValue("482 193");
  await field.press("Enter");
  await expect.poll(() => checked).toEqual([{ code: "482193" }]);
});
