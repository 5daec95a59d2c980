// The page's only script: clicks go to the server as what the button says of itself, and a new turn comes into view.
let opened = null;
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || button.getAttribute("aria-pressed") === "true") return;
  const { act, item, key, text } = button.dataset;
  trigger("click", { act, item, key, text });
  if (act === "opened") opened = { item, left: null };
});
// An item's page opens in another tab: how long this one is out of sight then is how long the person looks at the item.
document.addEventListener("visibilitychange", () => {
  if (!opened) return;
  if (document.hidden) {
    opened.left ??= performance.now();
  } else if (opened.left !== null) {
    const seconds = (performance.now() - opened.left) / 1000;
    trigger("click", { act: "looked", item: opened.item, text: seconds.toFixed(1) });
    opened = null;
  }
});
if (element.closest("#st-now, #st-picks")) {
  // Once when the message appears, and once when its cards have made room below it.
  let scrolled = "";
  watch("value", () => {
    document.querySelector("#st-box .submit-button")?.setAttribute("aria-label", "Send");
    const turn = document.querySelector("#st-now .st-turn");
    if (!turn || turn.dataset.turn === scrolled || !element.querySelector(".st-turn, .st-card")) return;
    scrolled = turn.dataset.turn;
    if (scrolled === "1") return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() => turn.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }));
  });
}
