"use strict";
// Sorts and filters the tables of many rows. Without it the page says the same.

/** How many rows a person takes in at a glance, so that there is nothing to search. */
const GLANCE = 10;
/** How long to wait for the next letter, in milliseconds. */
const PAUSE = 120;

const order = new Intl.Collator("en", { numeric: true }).compare;
const number = new Intl.NumberFormat("en");

for (const table of document.querySelectorAll("table.rows")) {
  const groups = [...table.tBodies];
  const headings = [...table.tHead.rows[0].cells];
  const rows = groups.flatMap((group) => [...group.rows]);
  headings.forEach((heading, column) => {
    const button = element("button", { type: "button" }, ...heading.childNodes);
    button.addEventListener("click", () => sort(column));
    heading.append(button);
  });
  if (rows.length > GLANCE) addFilters();

  function sort(column) {
    const descending = headings[column].ariaSort === "ascending";
    for (const heading of headings) heading.removeAttribute("aria-sort");
    headings[column].ariaSort = descending ? "descending" : "ascending";
    const texts = new Map(rows.map((row) => [row, row.cells[column].textContent]));
    const compare = (a, b) => order(texts.get(a), texts.get(b));
    rows.sort(descending ? (a, b) => compare(b, a) : compare);
    const inOne = Math.ceil(rows.length / groups.length);
    groups.forEach((group, at) => group.append(...rows.slice(at * inOne, (at + 1) * inOne)));
    makeRoom();
  }

  /** Says how much room each group takes, for the browser lays out none that is out of sight. */
  function makeRoom() {
    for (const group of groups) {
      const shown = [...group.rows].filter((row) => !row.hidden).length;
      group.hidden = shown === 0;
      group.style.setProperty("--rows", shown);
    }
  }

  function addFilters() {
    const subject = table.dataset.subject;
    const search = element("input", { type: "search" });
    const choices = headings.flatMap((heading, column) => {
      if (!heading.hasAttribute("data-choose")) return [];
      const values = [...new Set(rows.map((row) => mark(row, column)))].sort(order);
      if (values.length === 1) return [];
      const options = [new Option("any", ""), ...values.map((value) => new Option(value))];
      return [{ column, name: heading.textContent, select: element("select", {}, ...options) }];
    });
    const status = element("p", { role: "status" });
    const tools = element("div", { className: "tools", role: "group", ariaLabel: `Choose ${subject}` });
    tools.append(element("label", {}, `Search ${subject}`, search));
    for (const { name, select } of choices) tools.append(element("label", {}, name, select));
    tools.append(status);
    table.before(tools);

    const texts = new Map();
    const text = (row) => texts.get(row) ?? texts.set(row, row.textContent.toLowerCase()).get(row);
    const tell = (shown) => {
      status.textContent = `${number.format(shown)} of ${number.format(rows.length)} ${subject} shown`;
    };
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = choices.filter(({ select }) => select.value !== "");
      for (const row of rows) {
        row.hidden = !(words.every((word) => text(row).includes(word)) &&
          chosen.every(({ column, select }) => mark(row, column) === select.value));
      }
      makeRoom();
      tell(rows.filter((row) => !row.hidden).length);
    };
    let waiting;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, PAUSE);
    });
    for (const { select } of choices) select.addEventListener("change", filter);
    tell(rows.length);
  }
}

/** What a cell is chosen by: its mark, where it has one. */
function mark(row, column) {
  const cell = row.cells[column];
  return (cell.querySelector("b") ?? cell).textContent;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
