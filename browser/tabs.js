// Every tab has an address: ?tab=compare.

const NAMES = ["restore", "leaderboard", "compare", "judge", "submit"];
const tabs = () => [...document.querySelectorAll(".tab-container[role=tablist] > [role=tab]")];

const open = () => {
  const wanted = NAMES.indexOf(new URLSearchParams(location.search).get("tab"));
  if (wanted < 1 || tabs().length < NAMES.length) return wanted < 1;
  tabs()[wanted].click();
  return true;
};
const waiting = new MutationObserver(() => open() && waiting.disconnect());
if (!open()) waiting.observe(document, { childList: true, subtree: true });

document.addEventListener("click", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  const name = NAMES[tabs().indexOf(tab)];
  if (!name) return;
  const address = new URL(location.href);
  if (name === NAMES[0]) address.searchParams.delete("tab");
  else address.searchParams.set("tab", name);
  history.replaceState(history.state, "", address);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".languages a");
  const tab = new URLSearchParams(location.search).get("tab");
  if (link && tab) link.search = `?lang=${link.lang.slice(0, 2)}&tab=${tab}`;
});
