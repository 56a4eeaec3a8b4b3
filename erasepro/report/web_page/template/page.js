"use strict";
(() => {
  const root = document.documentElement;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const byId = (name) => document.getElementById(name);
  root.classList.add("js");

  // Theme: what the system says, or what was chosen.
  const themes = ["automatic", "light", "dark"];
  const theme = byId("theme");
  const show = (name) => {
    if (name === "automatic") delete root.dataset.theme;
    else root.dataset.theme = name;
    theme.textContent = "Theme: " + name;
  };
  let chosen = 0;
  theme.hidden = false;
  theme.addEventListener("click", () => show(themes[(chosen = (chosen + 1) % themes.length)]));

  // Tables: sorted by a column, rows without a number last.
  for (const table of all("table[data-number]")) {
    const body = table.tBodies[0];
    const first = [...body.rows];
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const order = before === "ascending" ? "descending" : before === "descending" ? "" : "ascending";
        for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
        if (order) head.setAttribute("aria-sort", order);
        const sign = order === "descending" ? -1 : 1;
        const has = first.some((row) => row.cells[column].dataset.number);
        const key = (row) => {
          const cell = row.cells[column];
          return has ? parseFloat(cell.dataset.number ?? "NaN") : cell.textContent.trim();
        };
        const compare = (a, b) => {
          const x = key(a), y = key(b);
          if (!has) return sign * x.localeCompare(y, "en", { numeric: true });
          if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
          return sign * (x - y);
        };
        body.append(...(order ? [...first].sort(compare) : first));
      });
    });
  }
  for (const input of all("input[data-table]")) {
    const card = input.closest(".card");
    const rows = all("tbody tr", card);
    const count = card.querySelector(".count");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        left += !row.hidden;
      }
      count.hidden = words.length === 0;
      count.textContent = left + " of " + rows.length + " rows";
    });
  }

  // Pictures: which prompts and which models are shown.
  const groups = all(".group");
  if (groups.length) {
    const role = byId("role");
    for (const name of new Set(all("tr[data-role]").map((row) => row.dataset.role))) role.add(new Option(name, name));
    role.addEventListener("change", () => {
      for (const row of all("tr[data-role]")) row.hidden = Boolean(role.value) && row.dataset.role !== role.value;
    });
    for (const name of new Set(all("th[data-model]").map((cell) => cell.dataset.model))) {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => {
        for (const cell of all("[data-model]")) if (cell.dataset.model === name) cell.hidden = !box.checked;
      });
      label.append(box, " " + name);
      byId("models").append(label);
    }
  }

  // One picture beside the original's.
  const dialog = byId("compare");
  let shown = null;
  const put = (place, picture) => {
    const style = getComputedStyle(picture);
    for (const name of ["backgroundImage", "backgroundSize", "backgroundPosition"]) place.style[name] = style[name];
  };
  const compare = (picture) => {
    const row = picture.closest("tr");
    shown = picture;
    byId("compare-title").textContent = row.querySelector(".label").textContent;
    byId("compare-prompt").textContent = row.querySelector(".prompt")?.textContent ?? "";
    put(byId("compare-original"), row.querySelector(".pic"));
    put(byId("compare-edited"), picture);
    const words = picture.parentElement.querySelector(".verdict");
    byId("compare-name").textContent = picture.parentElement.dataset.model + (words ? ": " + words.title : "");
    if (!dialog.open) dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const picture = event.target.closest(".pic");
    if (!picture) return;
    if (picture.closest(".sensitive") && !picture.classList.contains("open")) {
      for (const other of all(".pic", picture.closest("tr"))) other.classList.add("open");
      return;
    }
    compare(picture);
  });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !shown) return;
    const pictures = all("td:not([hidden]) .pic", shown.closest("tr"));
    compare(pictures[(pictures.indexOf(shown) + step + pictures.length) % pictures.length]);
  });
  dialog.addEventListener("close", () => shown?.focus());
  byId("close").addEventListener("click", () => dialog.close());
})();
