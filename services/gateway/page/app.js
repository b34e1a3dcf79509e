import { ask, forgetToken, keepToken, listen, takeToken } from "./api.js";
import { byId } from "./dom.js";
import { paintDecisions, paintFills } from "./feeds.js";
import { followModels } from "./models-feed.js";
import { paintModels } from "./models.js";
import { paintPlot } from "./plot.js";
import { onPaint, store, take, touch } from "./store.js";
import { paintClock, paintSystem } from "./system.js";
import { paintVariants } from "./variants.js";

const CLOCK_MS = 250;
const THEME = "tradewind.theme";

for (const painter of [paintSystem, paintVariants, paintPlot, paintModels, paintDecisions, paintFills])
  onPaint((state) => {
    if (state.status !== undefined) painter(state);
  });
byId("with-holds").addEventListener("change", touch);
setInterval(paintClock, CLOCK_MS);
openTheme();

if (takeToken() === undefined) askForToken();
else await enter();

/** Opens the page with the token there is; a wrong one asks for another. */
async function enter() {
  try {
    await ask("/api/status");
  } catch (error) {
    if (error.status === 401) return askForToken("The gateway does not take this token.");
  }
  byId("login").hidden = true;
  byId("main").hidden = false;
  listen({
    message(data) {
      take(data);
      followModels(data.registry);
    },
    opened() {
      store.connected = true;
      touch();
    },
    lost() {
      store.connected = false;
      touch();
    },
    refused: () => askForToken("The token is no longer taken: the gateway has another one."),
  });
}

function askForToken(problem = "") {
  forgetToken();
  byId("main").hidden = true;
  byId("login").hidden = false;
  byId("login-problem").textContent = problem;
  byId("token").focus();
}

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(byId("token").value.trim());
  byId("token").value = "";
  void enter();
});

function openTheme() {
  const root = document.documentElement;
  const preferred = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const set = (theme) => {
    root.dataset.theme = theme;
    byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
    byId("theme").setAttribute("aria-label", `Use ${theme === "dark" ? "light" : "dark"} colours`);
    touch();
  };
  set(localStorage.getItem(THEME) ?? preferred);
  byId("theme").addEventListener("click", () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem(THEME, next);
    set(next);
  });
}
