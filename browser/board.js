// The board's table: a click on a header sorts, the best first, rows without a value last.

const valueOf = (row, place) => row.children[place].dataset.value;

const compared = (kind) => (one, other) =>
  kind === "number" ? Number(one) - Number(other) : one.localeCompare(other);

const sort = (header) => {
  const headers = [...header.parentElement.children];
  const place = headers.indexOf(header);
  const { kind, better } = header.dataset;
  const usual = better === "higher" ? "descending" : "ascending";
  const turned = usual === "ascending" ? "descending" : "ascending";
  const how = header.getAttribute("aria-sort") === usual ? turned : usual;
  for (const each of headers) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", how);
  const body = header.closest("table").tBodies[0];
  const order = compared(kind);
  const sign = how === "ascending" ? 1 : -1;
  const rows = [...body.rows].sort((one, other) => {
    const [left, right] = [valueOf(one, place), valueOf(other, place)];
    if (left === undefined || right === undefined) {
      return (left === undefined) - (right === undefined);
    }
    return sign * order(left, right);
  });
  body.append(...rows);
};

document.addEventListener("click", async ({ target }) => {
  const header = target.closest?.("[data-sort-by]");
  if (header) sort(header.closest("th"));
  const copy = target.closest?.("[data-copy-text]");
  if (!copy) return;
  const label = copy.textContent;
  const text = copy.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(text.textContent);
    copy.textContent = copy.dataset.done;
    setTimeout(() => (copy.textContent = label), 2000);
  } catch {
    window.getSelection().selectAllChildren(text); // no clipboard without a secure address
  }
});
