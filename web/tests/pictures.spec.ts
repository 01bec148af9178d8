import { mkdirSync } from "node:fs";
import { expect, test } from "./board.ts";
import { TENANT } from "./server.ts";

/** Pictures of each view, to be looked at: `npm run pictures`. */
const FOLDER = process.env.SLX_PICTURES ?? "";
const WIDTHS = { phone: 390, tablet: 820, desktop: 1440 };
const VIEWS = {
  now: "",
  incident: "&view=incident&incident=INC0090001",
  objectives: "&view=objectives",
  month: "&view=month",
  settlement: "&view=settlement",
};

test.skip(FOLDER === "", "nobody wants pictures");

for (const [view, address] of Object.entries(VIEWS)) {
  test(`pictures of ${view}`, async ({ board, server }) => {
    if (FOLDER) mkdirSync(FOLDER, { recursive: true });
    for (const colorScheme of ["light", "dark"] as const) {
      await board.emulateMedia({ colorScheme });
      for (const [name, width] of Object.entries(WIDTHS)) {
        await board.setViewportSize({ width, height: name === "phone" ? 844 : 1000 });
        await board.goto(`${server.board}/?tenant=${TENANT}${address}`);
        await expect(board.locator("main .panel").first()).toBeVisible();
        await expect(board.locator(".waiting")).toHaveCount(0);
        await board.screenshot({
          path: `${FOLDER}/${view}-${name}-${colorScheme}.png`,
          fullPage: true,
        });
      }
    }
    if (view === "month") {
      await board.emulateMedia({ media: "print" });
      await board.pdf({ path: `${FOLDER}/${view}.pdf`, format: "A4" });
    }
  });
}
