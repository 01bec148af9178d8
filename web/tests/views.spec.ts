import { expect, expectAccessible, test } from "./board.ts";
import { TENANT } from "./server.ts";

const now = `/?tenant=${TENANT}`;

test("now: what is open by urgency, why, and what breached and was withdrawn today", async ({
  board,
  server,
}) => {
  await board.goto(server.board + now);
  const urgent = board.getByRole("region", { name: "Open, the most urgent first" });
  const row = urgent.getByRole("listitem").filter({ hasText: "INC0090002" });
  const first = row.filter({ hasText: "resolve ·" });
  await expect(first.locator(".risk .figure")).toHaveText(/%|late/);
  const countdown = first.locator(".countdown");
  const before = await countdown.textContent();
  await expect(countdown).not.toHaveText(before ?? "");
  await first.getByRole("button", { name: "Why" }).click();
  await expect(first.locator(".reasons li").first()).toContainText("a breach is");
  const glance = board.getByRole("list", { name: "At a glance" });
  for (const head of ["Due within the hour", "Late and still open", "Idle work"]) {
    await expect(glance.getByRole("link", { name: head })).toContainText(/[1-9]/);
  }
  const late = board.getByRole("region", { name: "Late and still open" });
  await expect(late.getByRole("link", { name: "INC0090001" }).first()).toBeVisible();
  const idle = board.getByRole("region", { name: "Idle work" });
  await expect(idle.getByRole("link", { name: "INC0090003" })).toBeVisible();
  await expect(board.getByRole("status").filter({ hasText: "live" })).toBeVisible();
  await expectAccessible(board);
});

test("now: what happens is there without asking again", async ({ board, server }) => {
  await board.goto(server.board + now);
  await expect(board.getByRole("status").filter({ hasText: "live" })).toBeVisible();
  const urgent = board.getByRole("region", { name: "Open, the most urgent first" });
  await expect(urgent.getByRole("link", { name: "INC0093001" })).toHaveCount(0);
  await server.open("INC0093001", 3.5 * 3_600_000, "P1");
  await expect(urgent.getByRole("link", { name: "INC0093001" })).toBeVisible();
  const hour = 3_600_000;
  await server.open("INC0093002", 2 * hour + 30_000, "P1", "network");
  const today = board.getByRole("region", { name: "Breached today" });
  const breach = today.getByRole("link", { name: "INC0093002" });
  await expect(breach).toBeVisible();
  // It was restored in time, which is known only now.
  await server.restore("INC0093002", hour);
  await expect(today.getByRole("heading", { level: 3 })).toContainText("not late after all");
  await expect(breach).toHaveCount(1);
});

test("an incident: its timeline, and both accounts beside each other", async ({
  board,
  server,
}) => {
  await board.goto(server.board + now);
  await board.getByRole("link", { name: "Incident", exact: true }).click();
  await board.getByLabel("Incident", { exact: true }).fill("INC0090001");
  await board.getByRole("button", { name: "Show", exact: true }).click();
  await expect(board).toHaveURL(/incident=INC0090001/);
  const timeline = board.getByRole("region", { name: "Timeline" });
  for (const kind of ["running", "paused", "third", "over"]) {
    await expect(timeline.locator(`.track .${kind}`).first()).toBeVisible();
  }
  await expect(timeline.locator(".due-mark").first()).toBeVisible();
  const accounts = board.getByRole("region", { name: "Both accounts under workplace" });
  await expect(accounts).toContainText("By the contract");
  await expect(accounts).toContainText("As people experienced it");
  await expect(accounts).toContainText("People’s time lost");
  await board.getByText("Every stretch of resolve").click();
  await expect(board.getByText("paused, with Telco NV (Herstel door leverancier)")).toBeVisible();
  await expectAccessible(board);
});

test("an incident that nobody knows", async ({ board, server }) => {
  await board.goto(`${server.board}${now}&view=incident&incident=INC1`);
  await expect(board.getByRole("alert")).toContainText("There is no such thing");
  await expect(board.getByRole("alert")).toContainText("INC1");
});

test("objectives: so far, where they go, and what they can take", async ({ board, server }) => {
  await board.goto(server.board + now);
  await board.getByRole("link", { name: "Objectives" }).click();
  const workplace = board.getByRole("region", { name: "Digitale werkplek" });
  await expect(workplace.getByRole("listitem")).toHaveCount(4);
  const urgent = workplace.getByRole("listitem").filter({ hasText: "95% of P1" });
  await expect(urgent).toContainText("Room");
  await expect(urgent.locator(".band .promised")).toBeVisible();
  const mail = workplace.getByRole("listitem").filter({ hasText: "mail available for 99.5%" });
  await expect(mail).toContainText("met so far");
  await expect(mail).toContainText("Error budget");
  await expect(board.getByText("Risk of missing it").first()).toBeVisible();
  await expectAccessible(board);
  await board.getByRole("button", { name: "The period before" }).click();
  await expect(board).toHaveURL(/period=\d{4}-\d{2}/);
  await expect(urgent).toContainText(/missed|met|no data/);
});

test("the review: both accounts, watermelons, and that nobody has signed", async ({
  board,
  server,
}) => {
  await board.goto(server.board + now);
  await board.getByRole("link", { name: "Review" }).click();
  await board.getByLabel("Contract").selectOption("workplace");
  await expect(board.getByRole("heading", { level: 1 })).toContainText("Service review,");
  await expect(board.getByText("This review has not been signed.")).toBeVisible();
  await board.getByRole("button", { name: "The period before" }).click();
  for (const card of ["By the contract", "As people experienced it", "Watermelons"]) {
    await expect(board.getByRole("heading", { level: 2, name: card })).toBeVisible();
  }
  await expect(board.getByRole("region", { name: "By target and priority" })).toBeVisible();
  await expectAccessible(board);
  await server.sign("workplace", await board.evaluate(() => location.search));
  await board.reload();
  await expect(board.getByText("Signed by J. de Vries")).toBeVisible();
  await expect(board.getByText("Nothing has moved.")).toBeVisible();
});

test("settling: an item is decided, and is gone from what is open", async ({ board, server }) => {
  await board.goto(server.board + now);
  await board.getByRole("link", { name: "To settle" }).click();
  const items = board.getByRole("listitem").filter({ has: board.getByRole("heading") });
  const help = items.filter({ hasText: "help outside the contract’s scope" });
  await expect(help.getByRole("link", { name: "INC0090004" })).toBeVisible();
  await expectAccessible(board);
  for (const facet of ["technical", "administrative", "financial"]) {
    await help.getByRole("button", { name: `Decide on ${facet}` }).click();
    const dialog = board.getByRole("dialog");
    await expect(dialog).toBeVisible();
    await dialog.getByRole("radio", { name: facet === "financial" ? "waived" : "agreed" }).check();
    await dialog.getByLabel("Decided by").fill("S. Bakker");
    if (facet === "technical") await expectAccessible(board);
    await dialog.getByRole("button", { name: "Record the decision" }).click();
    await expect(dialog).toBeHidden();
  }
  await expect(help).toHaveCount(0);
  await board.getByLabel("Also what is settled").check();
  await expect(help).toContainText("S. Bakker");
  await expect(board).toHaveURL(/settled=all/);
});

test("settling: an amount that is none is refused before it is sent", async ({ board, server }) => {
  await board.goto(`${server.board}${now}&view=settlement`);
  await board.getByRole("button", { name: "Decide on financial" }).first().click();
  const dialog = board.getByRole("dialog");
  await dialog.getByLabel(/Amount/).fill("12.345");
  await dialog.getByLabel("Decided by").fill("S. Bakker");
  await dialog.getByRole("button", { name: "Record the decision" }).click();
  await expect(dialog.getByRole("alert")).toContainText("This is no amount");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
});
