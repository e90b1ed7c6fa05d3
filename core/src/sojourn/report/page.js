"use strict";
(() => {
  const seek = document.getElementById("seek");
  const lines = [...document.querySelectorAll(".row.job, table.jobs tbody tr")].map((line) => ({
    line, state: line.dataset.state, text: (line.textContent + " " + line.title).toLowerCase(),
  }));
  const heads = [...document.querySelectorAll(".row.head")];
  const counts = [...document.querySelectorAll(".count")];

  const filter = () => {
    const words = seek.value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = counts.filter((one) => one.ariaPressed === "true").map((one) => one.dataset.state);
    for (const { line, state, text } of lines) {
      const fits = (!states.length || states.includes(state)) && words.every((word) => text.includes(word));
      line.classList.toggle("hidden", !fits);
    }
    for (const head of heads) {
      let next = head.nextElementSibling;
      while (next && next.classList.contains("job") && next.classList.contains("hidden")) next = next.nextElementSibling;
      head.classList.toggle("hidden", !next || !next.classList.contains("job"));
    }
  };
  seek.addEventListener("input", filter);
  for (const one of counts) {
    one.addEventListener("click", () => {
      one.ariaPressed = String(one.ariaPressed !== "true");
      filter();
    });
  }

  const value = (row, at) => {
    const cell = row.cells[at];
    const marked = cell.querySelector("[data-value]");
    const text = cell.textContent;
    return marked ? Number(marked.dataset.value) : text === "" ? null : /^[\d,.]+$/.test(text) ? Number(text.replaceAll(",", "")) : text;
  };
  for (const head of document.querySelectorAll("th")) {
    head.firstElementChild.addEventListener("click", () => {
      const up = head.ariaSort !== "ascending";
      for (const other of head.parentElement.cells) other.ariaSort = null;
      head.ariaSort = up ? "ascending" : "descending";
      const body = head.closest("table").tBodies[0];
      const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
        return up ? order : -order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  }
})();
