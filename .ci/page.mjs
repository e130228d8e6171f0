// Opens HTML reports in Chromium and looks at what a person, a keyboard, a screen reader, a printer
// and an attacker would meet. Called by .ci/page, which makes the reports.
//
//   node page.mjs PAGES        checks the reports of the folder; fails when anything is wrong
//   node page.mjs PAGES IMAGES saves pictures of the example there instead
//
// CHROMIUM names the browser, MODULES the folder with playwright-core and axe-core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, images] = process.argv.slice(2);
const modules = createRequire(join(process.env.MODULES, "/"));
const { chromium } = modules("playwright-core");
const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
/** What counts as at once, in milliseconds: five times the aim, since CI machines are shared. */
const AT_ONCE = 5000;

// Over HTTP, where relative addresses lead somewhere, and whatever a page asks for arrives here.
const asked = [];
/** What Jenkins sends with every file of a build, unless it is told otherwise. */
const JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';";
const server = createServer((request, response) => {
  asked.push(request.url);
  const [, jenkins, name] = /^(\/jenkins)?\/([a-z]+\.html)$/.exec(request.url) ?? [];
  const policy = jenkins ? { "Content-Security-Policy": JENKINS } : {};
  response.writeHead(name ? 200 : 404, { "Content-Type": "text/html; charset=utf-8", ...policy });
  response.end(name ? readFileSync(join(folder, name)) : "");
});
await new Promise((started) => server.listen(0, "127.0.0.1", started));
const base = `http://127.0.0.1:${server.address().port}`;
const launch = (args) => chromium.launch({ executablePath: process.env.CHROMIUM, args });
const browser = await launch([]);
/** As a browser is once a screen reader asks it for all that there is. */
const readAloud = await launch(["--force-renderer-accessibility"]);

/** Opens a report, and fails if it asks for anything, complains, or opens a dialogue. */
async function open(name, options = {}, where = browser) {
  const context = await where.newContext({ viewport: WIDE, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error}`));
  page.on("dialog", (dialog) => wrong.push(`dialogue: ${dialog.message()}`) && dialog.dismiss());
  const own = `${base}/${name}.html`;
  page.on("request", (request) => request.url() === own || wrong.push(`request: ${request.url()}`));
  asked.length = 0;
  await page.goto(own);
  return {
    page,
    async close() {
      assert.deepEqual(asked, [`/${name}.html`], `${name} asked for more than itself`);
      assert.deepEqual(wrong, [], name);
      await context.close();
    },
  };
}

/** The tables of a section. */
const tables = (page, section) => page.locator(`section[aria-labelledby="${section}"] table`);
/** Their rows, shown or not. */
const all = (page, section) => tables(page, section).locator("tbody tr");
/** Their rows that are shown. */
const shown = (page, section) => all(page, section).filter({ visible: true });
const tools = (page, subject) => page.getByRole("group", { name: `Choose ${subject}` });
const report = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));

async function accessible(name, options) {
  const { page, close } = await open(name, options);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  assert.deepEqual(found, [], `axe-core about ${name} with ${JSON.stringify(options)}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} pixels wider than ${JSON.stringify(options)}`);
  await close();
}

async function tablesForScreenReaders(name) {
  const { page, close } = await open(name, {}, readAloud);
  const session = await page.context().newCDPSession(page);
  await session.send("Accessibility.enable");
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const count = (role) => nodes.filter((node) => !node.ignored && node.role?.value === role).length;
  const { members, findings, exemptions, workspaces } = report(name);
  const lists = [members, findings, exemptions, workspaces];
  const groups = new Set(findings.map(({ level, rule }) => `${level} ${rule}`)).size;
  const tables = groups + [members, exemptions, workspaces].filter((list) => list.length > 0).length;
  const rows = lists.reduce((sum, list) => sum + list.length, 0);
  const told = { tables: count("table"), rows: count("row"), headings: count("rowheader") };
  assert.deepEqual(told, { tables, rows: rows + tables, headings: rows }, name);
  await close();
}

async function namesAreText(name) {
  const { page, close } = await open(name);
  const { members, exemptions } = report(name);
  assert.equal(await all(page, "members").count(), members.length);
  const made = await page.evaluate(() => {
    const count = (elements) => document.querySelectorAll(elements).length;
    return { scripts: count("script"), foreign: count("img, iframe, object, embed, form, base, testcase") };
  });
  assert.deepEqual(made, { scripts: 1, foreign: 0 });
  assert.deepEqual(await page.evaluate(() => [...document.links].map((link) => link.href).filter(
    (href) => !href.startsWith(`${location.href.split("#")[0]}#`))), []);
  const text = await tables(page, "members").textContent();
  const plain = [...members.map(({ key }) => key), "<script>alert(1)</script>", "[x](javascript:alert(1))"];
  for (const own of [...plain, "\\u{202e}gnp.exe\\u{2066}x", "one\\u{d}\\u{a}::error::two", "&lt;b&gt;"]) {
    assert.ok(text.includes(own), `${own} is not shown as text`);
  }
  const reasons = await tables(page, "exemptions").textContent();
  for (const { reason } of exemptions.filter(({ reason }) => /^[ -~]*$/.test(reason) && !reason.includes("##"))) {
    assert.ok(reasons.includes(reason), `${reason} is not shown as text`);
  }
  await close();
}

/** Prints a page in black on white, on A4, and says on how many sheets. */
async function printed(page) {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(paper, "rgb(255, 255, 255)");
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  const boxes = [...pdf.matchAll(/\/MediaBox\s*\[([^\]]*)\]/g)].map(([, box]) => box.trim().split(/\s+/).map(Math.round));
  for (const box of boxes) assert.deepEqual(box, [0, 0, 595, 842], "not A4");
  return boxes.length;
}

/** An audit's page: all that its JSON says, as text, on screen and on paper, with a script or not. */
async function auditSays(name) {
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await open(name, { javaScriptEnabled });
    const { people, exemptions, workspaces } = report(name);
    const exposed = people.filter(({ exposures }) => exposures.length > 0);
    assert.equal(await shown(page, "people").count(), exposed.length);
    const keys = await all(page, "people").locator("th code").allTextContents();
    assert.deepEqual(keys.toSorted(), exposed.map(({ key }) => key).toSorted());
    assert.equal(await shown(page, "exemptions").count(), exemptions.length);
    const days = workspaces.reduce((sum, own) => sum + own.days.length, 0);
    assert.equal(await page.locator(".calendar use").count(), days);
    assert.equal(await page.locator("script").count(), 1);
    assert.equal(await page.locator("img, iframe, object, embed, form, base").count(), 0);
    assert.ok((await printed(page)) >= 1);
    await close();
  }
}

async function sortsAndFilters(name) {
  const { page, close } = await open(name);
  const { members } = report(name);
  const heading = tables(page, "members").locator("thead th").first();
  const button = heading.getByRole("button", { name: "Member" });
  const first = () => all(page, "members").locator("th code").allTextContents();
  const before = await first();
  await button.click();
  assert.equal(await heading.getAttribute("aria-sort"), "ascending");
  const cells = () => all(page, "members").locator("th").allTextContents();
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const ascending = await cells();
  assert.deepEqual(ascending, ascending.toSorted(order));
  assert.notDeepEqual(await first(), before, "sorting changed nothing");
  await button.focus();
  await page.keyboard.press("Enter");
  assert.equal(await heading.getAttribute("aria-sort"), "descending");
  assert.deepEqual(await cells(), ascending.toSorted((a, b) => order(b, a)));
  assert.deepEqual((await first()).sort(), before.sort(), "sorting lost somebody");

  const group = tools(page, "members");
  const status = group.getByRole("status");
  const says = (number) => status.filter({ hasText: `${number} of ${members.length} members shown` }).waitFor();
  await says(members.length);
  await group.getByLabel("Outcome").selectOption("violation");
  const violations = members.filter(({ outcome }) => outcome === "violation");
  await says(violations.length);
  assert.equal(await shown(page, "members").count(), violations.length);
  const one = violations[1].key;
  await group.getByLabel("Search members").fill(`${one.slice(-12)} ${one.slice(0, 6).toUpperCase()}`);
  await says(1);
  assert.ok((await shown(page, "members").textContent()).includes(one));
  await group.getByLabel("Search members").fill("nobody is called that");
  await says(0);
  assert.equal(await shown(page, "members").count(), 0);

  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await shown(page, "members").count(), members.length, "print leaves somebody out");
  assert.equal(await group.isVisible(), false, "print shows what cannot be used on paper");
  assert.ok((await printed(page)) > 2);
  await page.emulateMedia({ media: "screen", colorScheme: "light" });

  await group.getByLabel("Search members").fill("");
  await group.getByLabel("Outcome").selectOption("any");
  await says(members.length);
  assert.equal(await shown(page, "members").count(), members.length);
  await close();
}

async function startsWithALinkToItsReport(name) {
  const { page, close } = await open(name);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the report" });
  assert.ok(await skip.evaluate((own) => own === document.activeElement));
  const { x, y } = await skip.boundingBox();
  assert.ok(x >= 0 && y >= 0, "it is out of sight");
  await close();
}

async function worksWithoutScript(name) {
  const { page, close } = await open(name, { javaScriptEnabled: false });
  const { members, findings, exemptions } = report(name);
  for (const [table, list] of Object.entries({ members, findings, exemptions })) {
    assert.equal(await shown(page, table).count(), list.length, table);
  }
  assert.equal(await page.locator("button, input, select").count(), 0, "controls that do nothing");
  await page.getByRole("link", { name: "Members" }).click();
  assert.ok(await page.locator("#members").evaluate((own) => own.getBoundingClientRect().top < innerHeight));
  await close();
}

/** Jenkins allows neither style nor script: everything is there, and no drawing fills the screen. */
async function degradesUnderJenkins(name) {
  const context = await browser.newContext({ viewport: WIDE });
  const page = await context.newPage();
  await page.goto(`${base}/jenkins/${name}.html`);
  const { members, findings, exemptions } = report(name);
  for (const [table, list] of Object.entries({ members, findings, exemptions })) {
    assert.equal(await shown(page, table).count(), list.length, table);
  }
  const drawings = await page.locator("svg").all();
  assert.ok(drawings.length > 0);
  for (const drawing of drawings) {
    const { height } = await drawing.boundingBox();
    assert.ok(height > 0 && height <= 40, `a drawing is ${height} pixels high`);
  }
  await context.close();
}

async function isFastWithMany(name) {
  const { members } = report(name);
  const context = await browser.newContext({ viewport: WIDE });
  const page = await context.newPage();
  const timed = async (what, act) => {
    const started = performance.now();
    await act();
    const taken = Math.round(performance.now() - started);
    console.log(`  ${members.length} members, ${what}: ${taken} ms`);
    assert.ok(taken < AT_ONCE, `${what} took ${taken} ms`);
  };
  const status = tools(page, "members").getByRole("status");
  const search = page.getByLabel("Search members");
  await timed("opened until it can be used", async () => {
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    await search.click();
  });
  const ready = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
  console.log(`  ${members.length} members, ready by the browser's own clock: ${Math.round(ready)} ms`);
  await timed("typed until filtered", async () => {
    await search.fill(members[1234].key);
    await status.filter({ hasText: /^1 of/ }).waitFor();
  });
  await timed("cleared until all are back", async () => {
    await search.fill("");
    await status.filter({ hasText: /^10,000 of/ }).waitFor();
  });
  await timed("sorted", async () => {
    await tables(page, "members").getByRole("button", { name: "Outcome" }).click();
    await tables(page, "members").locator("th[aria-sort]").waitFor();
  });
  await timed("scrolled to its end", async () => {
    await page.getByRole("heading", { name: "What no check" }).scrollIntoViewIfNeeded();
  });
  await context.close();
}

async function opensAtOnce(name) {
  const context = await browser.newContext({ viewport: WIDE });
  const page = await context.newPage();
  const started = performance.now();
  await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
  await page.getByLabel("Search people").click();
  const taken = Math.round(performance.now() - started);
  const ready = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
  console.log(`  ${name}: ready by the browser's own clock ${Math.round(ready)} ms, until it can be used ${taken} ms`);
  assert.ok(taken < AT_ONCE, `${name} took ${taken} ms to open`);
  await context.close();
}

async function picture(name, colorScheme, file = `html-${colorScheme}`) {
  const { page, close } = await open(name, { colorScheme, viewport: { width: 1280, height: 1210 } });
  await page.screenshot({ path: join(images, `${file}.png`) });
  await close();
}

try {
  if (images !== undefined) {
    for (const scheme of ["light", "dark"]) await picture("example", scheme);
    await picture("audit", "light", "audit");
  } else {
    for (const name of ["example", "hostile", "unread", "compliant"]) {
      for (const colorScheme of ["light", "dark"]) {
        for (const viewport of [WIDE, NARROW]) await accessible(name, { colorScheme, viewport });
      }
      await tablesForScreenReaders(name);
      console.log(`  ${name}: accessible`);
    }
    await namesAreText("hostile");
    await sortsAndFilters("hostile");
    await startsWithALinkToItsReport("example");
    await worksWithoutScript("hostile");
    for (const name of ["example", "hostile", "compliant"]) await degradesUnderJenkins(name);
    await isFastWithMany("many");
    for (const name of ["audit", "hostileaudit"]) {
      for (const colorScheme of ["light", "dark"]) {
        for (const viewport of [WIDE, NARROW]) await accessible(name, { colorScheme, viewport });
      }
      await auditSays(name);
      console.log(`  ${name}: accessible`);
    }
    await opensAtOnce("year");
  }
} finally {
  await browser.close();
  await readAloud.close();
  server.close();
}
