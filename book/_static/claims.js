// The claims page: pick verdicts by page, encoder, verdict and section of the paper. It works from a file, without a
// network; without this script all claims are shown.

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
