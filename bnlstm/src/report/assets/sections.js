// The parts of the page that are drawn.

const VIEWS = [
  ["validation score, population statistics", "population"],
  ["validation score, running statistics", "running"],
  ["validation score, batch statistics", "batch"],
  ["validation loss, population statistics", "population_loss"],
  ["validation loss, running statistics", "running_loss"],
  ["validation loss, batch statistics", "batch_loss"],
  ["training loss", "train_loss"],
  ["gradient norm before clipping", "gradient_norm"],
  ["learning rate", "learning_rate"],
];
const SCORES = 3;
const BANDS = ["smallest to largest seed", "± standard deviation"];

/** Mean and band of the values of some runs at each place. */
function summary(series, deviation) {
  const columns = series.x.map((_, index) => finite([series.runs.map((values) => values[index])]));
  const mean = columns.map((values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null));
  const spread = columns.map((values, index) => {
    if (values.length < 2) return [null, null];
    if (!deviation) return [Math.min(...values), Math.max(...values)];
    const squares = values.reduce((sum, value) => sum + (value - mean[index]) ** 2, 0);
    const size = Math.sqrt(squares / (values.length - 1));
    return [mean[index] - size, mean[index] + size];
  });
  return { mean, low: spread.map((pair) => pair[0]), high: spread.map((pair) => pair[1]) };
}

/** The line of a group in a chart. */
function groupLine(group, series, more = {}) {
  const { mean, low, high } = summary(series, more.deviation);
  const detail = (index) => {
    const values = group.runs.map((run, number) => [run.seed, series.runs[number][index]]);
    return values.length > 1 ? values.map(([seed, value]) => `seed ${seed}: ${number(value)}`).join(", ") : "";
  };
  const line = { name: group.name, color: color(group.index), dash: dash(group.index), x: series.x, y: mean, low, high, detail };
  return { ...line, ...more };
}

/** The lines of all groups that are shown; `find` gives the series of a group, or nothing. */
function groupLines(find, more = {}) {
  const found = page.groups.filter((group) => page.shown[group.index]).map((group) => [group, find(group)]);
  return found.filter(([, series]) => series).map(([group, series]) => groupLine(group, series, more));
}

/** The names of which groups have any, each once. */
function names(find) {
  return [...new Set(page.groups.flatMap(find))];
}

function section(title, about, ...children) {
  return html("section", {}, html("h2", {}, title), html("p", { class: "about" }, about), ...children);
}

function nothing(title, why) {
  return section(title, why);
}

/** Learning curves: one chart for each measure, since different ones have no axis in common. */
function curves() {
  const chosen = { view: 0, deviation: false, log: false };
  const measures = names((group) => [group.metric.name]);
  const ask = (measure) => () => {
    const [title, key] = VIEWS[chosen.view];
    const y = chosen.view < SCORES ? measure : chosen.view < 7 ? "loss, nats or squared" : title;
    const find = (group) => (group.metric.name === measure ? group.curves[key] : null);
    const title2 = title[0].toUpperCase() + title.slice(1);
    return { title: title2, x: "update", y, log: chosen.log, lines: groupLines(find, { deviation: chosen.deviation }) };
  };
  const drawn = measures.map((measure) => chart("wide", ask(measure)));
  const set = (change) => {
    Object.assign(chosen, change);
    log.hidden = chosen.view < SCORES;
    drawAll();
  };
  const log = toggle("logarithmic", false, (on) => set({ log: on }));
  log.hidden = true;
  const view = choice("Show", VIEWS.map(([name]) => name), (index) => set({ view: index, log: index >= SCORES && log.firstChild.checked }));
  const band = choice("Band", BANDS, (index) => set({ deviation: index === 1 }));
  const about = "Lines are means over seeds; a run that has diverged counts up to there. Point at a chart, or focus it and use the arrow keys, for the values of each run.";
  return section("Learning curves", about, html("div", { class: "controls" }, view, band, log), html("div", { class: "charts wide" }, drawn));
}

/** Of some curves at updates, the one at the update that is nearest. */
function nearestUpdate(curves, update) {
  if (!curves || curves.length === 0) return null;
  return curves[nearest(curves, (at) => Math.abs(at.update - update))];
}

/** All updates at which any group has a curve. */
function updatesOf(find) {
  return names((group) => (find(group) ?? []).map((at) => at.update)).sort((a, b) => a - b);
}

/** Lines over time steps at an update; groups that were not looked at just then say when. */
function stepLines(find, update) {
  const lines = groupLines((group) => nearestUpdate(find(group), update)?.series);
  const found = page.groups.filter((group) => page.shown[group.index] && nearestUpdate(find(group), update));
  found.forEach((group, index) => {
    const at = nearestUpdate(find(group), update).update;
    if (at !== update) lines[index].name += `, update ${at}`;
  });
  return lines;
}

function gradients() {
  const title = "Gradient norms over time steps";
  const find = (group) => group.inside.gradients;
  const updates = updatesOf(find);
  if (updates.length === 0) return nothing(title, "No run has looked at its gradients.");
  let update = updates[updates.length - 1];
  const ask = () => ({ title: `‖∂loss/∂h_t‖ after ${grouped(update)} updates`, x: "time step", y: "gradient norm", log: true, lines: stepLines(find, update) });
  const drawn = chart("wide", ask);
  const control = slider("Update", updates, (value) => ((update = value), drawAll()));
  const about = "The mean over the examples of a batch, as in figure 1a of Cooijmans et al. 2016; the band is from the smallest to the largest seed.";
  return section(title, about, html("div", { class: "controls" }, control), html("div", { class: "charts wide" }, drawn));
}

function gates() {
  const title = "Gates";
  const cells = names((group) => group.inside.gates.map((gate) => gate.cell));
  if (cells.length === 0) return nothing(title, "No run has looked at its gates.");
  let cell = cells[0];
  const of = (letter) => (group) => group.inside.gates.find((gate) => gate.cell === cell && gate.gate === letter);
  const ask = (letter) => () => {
    const high = groupLines((group) => of(letter)(group)?.high).map((line) => ({ ...line, name: `${line.name}, open`, dash: null }));
    const low = groupLines((group) => of(letter)(group)?.low).map((line) => ({ ...line, name: `${line.name}, shut`, dash: "4 4" }));
    return { title: `Gate ${letter} of ${cell}`, x: "update", y: "share, %", log: false, lines: [...high, ...low] };
  };
  const letters = names((group) => group.inside.gates.map((gate) => gate.gate));
  const drawn = letters.map((letter) => chart("usual", ask(letter)));
  const control = cells.length > 1 ? choice("Cell", cells, (index) => ((cell = cells[index]), drawAll())) : null;
  const about = "Shares of activations that are saturated: open above 0.9 (solid), shut below 0.1, or below −0.9 of a tanh (dashed).";
  return section(title, about, html("div", { class: "controls" }, control), html("div", { class: "charts small" }, drawn));
}

function moments() {
  const title = "Batch statistics";
  const paths = names((group) => group.inside.sites.map((site) => site.path));
  if (paths.length === 0) return nothing(title, "No run has a normalization that was looked at.");
  const site = (group) => group.inside.sites.find((site) => site.path === path);
  const smallest = (group) => site(group)?.smallest;
  let path = paths[0];
  const updates = updatesOf((group) => group.inside.sites.flatMap((site) => site.smallest));
  let update = updates[updates.length - 1];
  const over = (title, about, y, key) =>
    chart("usual", () => ({ title: `${title} of ${path}`, about, x: "update", y, log: true, lines: groupLines((group) => site(group)?.[key]) }));
  const variance = chart("usual", () => ({
    title: `Smallest variance of ${path}`, about: `after ${grouped(update)} updates`,
    x: "time step", y: "smallest variance", log: true, lines: stepLines(smallest, update),
  }));
  const drawn = [
    variance,
    over("Distance of means", "median of |batch − population| in standard deviations", "distance", "mean_distance"),
    over("Distance of variances", "median of |ln(batch / population)|", "distance", "variance_distance"),
  ];
  const controls = [
    choice("Normalization", paths, (index) => ((path = paths[index]), drawAll())),
    slider("Update", updates, (value) => ((update = value), drawAll())),
  ];
  const about = "What normalizations divide by, and how far the statistics of a batch are from those of the population.";
  return section(title, about, html("div", { class: "controls" }, controls), html("div", { class: "charts" }, drawn));
}

function ratios() {
  const title = "Updates and weights";
  const paths = names((group) => group.inside.updates.map((update) => update.path));
  if (paths.length === 0) return nothing(title, "No run has looked at its updates.");
  let path = paths[0];
  const find = (group) => group.inside.updates.find((update) => update.path === path)?.ratio;
  const drawn = chart("wide", () => ({ title: `‖change‖ / ‖weights‖ of ${path}`, x: "update", y: "ratio", log: true, lines: groupLines(find) }));
  const control = choice("Parameter", paths, (index) => ((path = paths[index]), drawAll()));
  return section(title, "The norm of an update for each norm of the parameter that it changes.", html("div", { class: "controls" }, control), html("div", { class: "charts wide" }, drawn));
}
