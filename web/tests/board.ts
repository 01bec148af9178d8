/** A page over a filled server, on which whatever the browser complains of fails the test. */

import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { type Server, start } from "./server.ts";

export { expect } from "@playwright/test";

/** What is refused on purpose: a browser complains of that by itself. */
export const complaints = new WeakMap<Page, string[]>();

export const test = base.extend<{ board: Page }, { server: Server; guarded: Server }>({
  server: [
    async ({ browserName: _ }, use) => {
      const server = await start({ withToken: false });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  guarded: [
    async ({ browserName: _ }, use) => {
      const server = await start({ withToken: true });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  board: async ({ page }, use) => {
    const said: string[] = [];
    complaints.set(page, said);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(String(error)));
    await use(page);
    expect(said).toEqual([]);
  },
});

/** Nobody is kept out: WCAG 2.2 AA, as far as a machine sees it. */
export async function expectAccessible(page: Page): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const found = violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
  expect(found).toEqual([]);
}
