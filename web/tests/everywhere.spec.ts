import { complaints, expect, expectAccessible, test } from "./board.ts";
import { TENANT } from "./server.ts";

const now = `/?tenant=${TENANT}`;

test("filters are in the address, and survive a reload and the way back", async ({
  board,
  server,
}) => {
  await board.goto(server.board + now);
  const urgent = board.getByRole("region", { name: "Open, the most urgent first" });
  await expect(urgent.getByText("· workplace").first()).toBeVisible();
  await board.getByLabel("Contract").selectOption("network");
  await expect(board).toHaveURL(/contract=network/);
  await expect(urgent.getByText("· workplace")).toHaveCount(0);
  await board.getByLabel("Priority").fill("P2");
  await board.keyboard.press("Tab");
  await board.reload();
  await expect(board.getByLabel("Contract")).toHaveValue("network");
  await expect(board.getByLabel("Priority")).toHaveValue("P2");
  await expect(urgent.locator(".clock b").first()).toHaveText("P2");
  await board.goBack();
  await expect(board.getByLabel("Priority")).toHaveValue("");
  await board.getByRole("button", { name: "Remove filters" }).click();
  await expect(board).not.toHaveURL(/contract/);
});

for (const [tag, words] of [
  ["nl", ["Open, het dringendste eerst", "Risico", "Af te handelen"]],
  ["de", ["Offen, das Dringendste zuerst", "Risiko", "Zu klären"]],
] as const) {
  test(`the board speaks ${tag}`, async ({ board, server }) => {
    await board.goto(server.board + now);
    await board.getByLabel("Language").selectOption(tag);
    await expect(board.locator("html")).toHaveAttribute("lang", tag);
    for (const word of words)
      await expect(board.getByText(word, { exact: true }).first()).toBeVisible();
    await board.reload();
    await expect(board.getByText(words[0])).toBeVisible();
    for (const view of ["incident&incident=INC0090001", "objectives", "month", "settlement"]) {
      await board.goto(`${server.board}${now}&lang=${tag}&view=${view}`);
      await expect(board.locator("main .panel").first()).toBeVisible();
      await expectAccessible(board);
    }
  });
}

test("it is dark where the machine is, and as readable", async ({ board, server }) => {
  await board.emulateMedia({ colorScheme: "dark" });
  for (const view of ["now", "incident&incident=INC0090001", "objectives", "month", "settlement"]) {
    await board.goto(`${server.board}${now}&view=${view}`);
    await expect(board.locator("main .panel").first()).toBeVisible();
    await expectAccessible(board);
  }
  const ground = await board.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(ground).toBe("rgb(18, 21, 26)");
});

test("on a phone nothing is wider than the phone", async ({ board, server }) => {
  await board.setViewportSize({ width: 360, height: 740 });
  for (const view of ["now", "incident&incident=INC0090001", "objectives", "month", "settlement"]) {
    await board.goto(`${server.board}${now}&view=${view}`);
    await expect(board.locator("main .panel").first()).toBeVisible();
    const beyond = await board.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(beyond, view).toBe(0);
    await expectAccessible(board);
  }
});

test("keys lead everywhere, and can be switched off", async ({ board, server }) => {
  await board.goto(server.board + now);
  await expect(board.locator("a.incident").first()).toBeVisible();
  await board.keyboard.press("j");
  await expect(board.locator("a.incident").first()).toBeFocused();
  await board.keyboard.press("Enter");
  await expect(board.getByRole("heading", { level: 1 })).toContainText("INC");
  await board.keyboard.press("3");
  await expect(board).toHaveURL(/view=objectives/);
  await board.keyboard.press("/");
  await expect(board.getByLabel("Incident", { exact: true })).toBeFocused();
  await board.keyboard.type("3");
  await expect(board).toHaveURL(/view=incident/);
  await board.getByRole("button", { name: "Keys" }).click();
  await board.getByLabel("Single keys are on").uncheck();
  await board.getByRole("button", { name: "Close" }).click();
  await board.locator("body").press("1");
  await expect(board).toHaveURL(/view=incident/);
});

test("the first key leads past the frame", async ({ board, server }) => {
  await board.goto(server.board + now);
  await expect(board.locator("main")).toBeVisible();
  await board.keyboard.press("Tab");
  await expect(board.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await board.keyboard.press("Enter");
  await expect(board.locator("main")).toBeFocused();
});

test("another tenant is another board", async ({ board, server }) => {
  await board.goto(`${server.board}${now}&contract=network`);
  await expect(board.locator("a.incident").first()).toBeVisible();
  await board.getByLabel("Tenant").fill("another");
  await board.keyboard.press("Enter");
  await expect(board).toHaveURL(/tenant=another$/);
  await expect(board.getByText("There is no contract of this tenant yet")).toBeVisible();
  await expect(board.locator("a.incident")).toHaveCount(0);
});

test("on paper there is what was decided, without the frame", async ({ board, server }) => {
  await board.goto(`${server.board}${now}&view=month`);
  await expect(board.locator(".card").first()).toBeVisible();
  await board.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(board.getByRole("navigation", { name: "Views" })).toBeHidden();
  await expect(board.locator(".card").first()).toBeVisible();
  const paper = await board.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(paper).toBe("rgb(255, 255, 255)");
});

test("a token is wanted, refused, taken, and forgotten", async ({ board, guarded }) => {
  await board.goto(guarded.board + now);
  await expect(board.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectAccessible(board);
  await board.getByLabel("Token").fill("slx_wrong");
  await board.getByRole("button", { name: "Sign in" }).click();
  await expect(board.getByRole("alert")).toContainText("does not know this token");
  await board.getByLabel("Token").fill(guarded.token);
  await board.getByLabel("Tenant").fill("somebody-else");
  await board.getByRole("button", { name: "Sign in" }).click();
  await expect(board.getByRole("alert").first()).toContainText("This token may not do that");
  await board.getByRole("button", { name: "Sign out" }).click();
  await board.getByLabel("Token").fill(guarded.token);
  await board.getByLabel("Tenant").fill(TENANT);
  await board.getByRole("button", { name: "Sign in" }).click();
  await expect(board.getByRole("link", { name: "INC0090002" }).first()).toBeVisible();
  await board.reload();
  await expect(board.getByRole("link", { name: "INC0090002" }).first()).toBeVisible();
  expect(await board.evaluate(() => document.cookie)).toBe("");
  expect(await board.evaluate(() => JSON.stringify(localStorage))).not.toContain("slx_");
  expect(board.url()).not.toContain(guarded.token);
  expect(complaints.get(board)).toEqual([]);
});

test("another page can neither frame nor call it", async ({ page, server }) => {
  const answer = await page.request.get(server.board);
  expect(answer.headers()["content-security-policy"]).toContain("frame-ancestors 'none'");
  expect(answer.headers()["content-security-policy"]).not.toContain("unsafe");
  // The same machine by another name is another origin.
  await page.goto(server.board.replace("127.0.0.1", "localhost"));
  const called = await page.evaluate(async (board) => {
    const headers = { "content-type": "application/grpc-web+proto" };
    const path = `${board}/slx.v1.ContractService/ListContracts`;
    try {
      return (await fetch(path, { method: "POST", headers, body: new Uint8Array(5) })).status;
    } catch (error) {
      return String(error);
    }
  }, server.board);
  expect(called).toContain("Failed to fetch");
});
