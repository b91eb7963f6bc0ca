// In Judge, a key presses the answer that shows it.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (target.closest?.("input, textarea, select, [role=listbox]")) return;
  const answers = [...document.querySelectorAll(".judge .answers button")];
  const answer = answers.find((each) => each.classList.contains(`key-${key}`) && each.offsetParent);
  if (!answer) return;
  event.preventDefault();
  answer.click();
});
