// How much of the result there is: in the viewer, and in what is downloaded.

export const strength = { percent: 100 };

/** Every address that names a strength names this one. */
export function write(root = document) {
  for (const each of root.querySelectorAll("[data-strength]")) {
    const name = each.href ? "href" : "data-strength";
    const address = each.getAttribute(name);
    const now = address.replace(/strength=\d+/, `strength=${strength.percent}`);
    if (now !== address) each.setAttribute(name, now);
  }
}

export function whenStrengthChanges(element, then) {
  const input = element.querySelector("input[name=strength]");
  if (!input) return;
  const tell = () => {
    input.value = strength.percent;
    element.querySelector("output[for=strength]").textContent = `${strength.percent} %`;
  };
  tell();
  input.addEventListener("input", () => {
    strength.percent = Number(input.value);
    tell();
    write();
    then();
  });
}
