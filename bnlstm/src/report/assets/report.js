// The page put together.

const page = JSON.parse(document.getElementById("data").textContent);
page.groups.forEach((group, index) => (group.index = index));
page.shown = page.groups.map(() => true);
page.bars = [];

function redraw() {
  drawAll();
  page.bars.forEach((bars) => bars.draw());
}

/** A button for each group, which shows and hides it everywhere. */
function legend() {
  const buttons = page.groups.map((group) => {
    const flip = () => {
      page.shown[group.index] = !page.shown[group.index];
      button.setAttribute("aria-pressed", page.shown[group.index]);
      redraw();
    };
    const button = html("button", { type: "button", "aria-pressed": "true", title: group.name, onclick: flip }, mark(color(group.index), dash(group.index)), group.name);
    return button;
  });
  return html("nav", { class: "legend", "aria-label": "groups shown" }, buttons);
}

function about() {
  const runs = page.groups.reduce((sum, group) => sum + group.runs.length, 0);
  const plural = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;
  const tasks = names((group) => [`${group.task} (${group.metric.name})`]);
  document.getElementById("about").textContent = `${plural(runs, "run")} in ${plural(page.groups.length, "group")}: ${tasks.join("; ")}`;
  const made = document.getElementById("made");
  const when = made.dataset.seconds ? `made ${new Date(1000 * made.dataset.seconds).toLocaleString()} by ` : "made by ";
  made.textContent = `${when}bnlstm ${page.version}`;
}

/** Dark or light as the system has it, until the button says otherwise. */
function theme() {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = (name) => {
    root.dataset.theme = name;
    button.textContent = name === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `change to ${button.textContent} colours`);
  };
  set(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => set(dark.matches ? "dark" : "light"));
  button.addEventListener("click", () => set(root.dataset.theme === "dark" ? "light" : "dark"));
}

/** What tests ask for: that all is drawn, how wide, and whether anything is wider than the page. */
function tell() {
  const root = document.documentElement;
  const drawn = charts.filter((chart) => chart.figure.querySelector("svg path, svg circle"));
  Object.assign(document.body.dataset, {
    drawn: "all",
    charts: charts.length,
    filled: drawn.length,
    theme: root.dataset.theme,
    width: window.innerWidth,
    overflow: root.scrollWidth > root.clientWidth,
  });
}

function start() {
  theme();
  about();
  const parts = [results(page.groups), legend(), curves(), gradients(), gates(), population(), moments(), ratios(), time(), settings(page)];
  document.getElementById("main").replaceChildren(...parts);
  redraw();
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    drawAll();
    tell();
  });
  tell();
}

start();
