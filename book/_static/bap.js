// What the pages do in a browser, from a file and without a network. Without this script all is shown.

// -- the claims page: pick verdicts by page, encoder, verdict and section of the paper ---

const CHOICES = {
  verdict: (line) => [line.dataset.verdict],
  encoder: (line) => [line.dataset.encoder],
  page: (line) => [title(line.closest("section"))],
  "in the paper": (line) =>
    line.closest("tr").dataset.where.match(/(Section|Appendix|Tables?|Figures?) [\w.]+(?:(?:, | and )\d+)*/g) || [],
};

function title(section) {
  return section.querySelector("h2").firstChild.textContent.trim();
}

function makeSelect(name, values) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.name = name;
  select.add(new Option("all", ""));
  for (const value of values) select.add(new Option(value, value));
  label.append(`${name} `, select);
  return label;
}

function show(lines, box) {
  const wanted = [...box.querySelectorAll("select")].filter((select) => select.value);
  const fits = (line) => wanted.every((select) => CHOICES[select.name](line).includes(select.value));
  for (const line of lines) line.classList.toggle("bap-faint", wanted.length > 0 && !fits(line));
  for (const row of document.querySelectorAll("tr.bap-claim"))
    row.hidden = ![...row.querySelectorAll(".bap-line")].some((line) => !line.classList.contains("bap-faint"));
  for (const section of new Set([...lines].map((line) => line.closest("section"))))
    section.hidden = !section.querySelector("tr.bap-claim:not([hidden])");
  const shown = [...lines].filter((line) => !line.classList.contains("bap-faint")).length;
  box.querySelector("output").textContent = `${shown} of ${lines.length} verdicts`;
}

document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("bap-filters");
  if (!box) return;
  const lines = document.querySelectorAll("tr.bap-claim .bap-line");
  for (const [name, valuesOf] of Object.entries(CHOICES)) {
    const values = new Set([...lines].flatMap(valuesOf));
    box.append(makeSelect(name, [...values].sort((a, b) => a.localeCompare(b, "en", { numeric: true }))));
  }
  box.append(document.createElement("output"));
  box.addEventListener("change", () => show(lines, box));
  box.hidden = false;
  show(lines, box);
});

// -- every table of numbers: as CSV ---

function toCsv(table) {
  const quote = (cell) => `"${cell.innerText.trim().replaceAll('"', '""').replaceAll(/\s+/g, " ")}"`;
  return [...table.rows].map((row) => [...row.cells].map(quote).join(",")).join("\n");
}

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".bap-table")) {
    const button = document.createElement("button");
    button.className = "bap-csv";
    button.textContent = "CSV";
    button.setAttribute("aria-label", `Save as CSV: ${box.querySelector(".bap-caption").textContent}`);
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([toCsv(box.querySelector("table"))], { type: "text/csv" }));
      link.download = `${document.title.split(" ")[0].replace(/\W/g, "") || "table"}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
    box.append(button);
  }
});

// -- the folds of the side bar and the references, for those who hear the page ---

document.addEventListener("DOMContentLoaded", () => {
  for (const fold of document.querySelectorAll(".bd-sidebar summary"))
    fold.setAttribute("aria-label", `Pages under ${fold.closest("li").querySelector("a").textContent.trim()}`);
  for (const entry of document.querySelectorAll(".citation-list > .citation")) entry.setAttribute("role", "listitem");
});
