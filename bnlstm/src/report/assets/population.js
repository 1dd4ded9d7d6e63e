// Population statistics over time steps, as in figure 5 of Cooijmans et al. 2016, and what time went into.

/** All runs, each with its name. */
function allRuns() {
  return page.groups.flatMap((group) => group.runs.map((run) => ({ ...run, name: `${group.name}, seed ${run.seed}` })));
}

function unitLines(site, series) {
  return series.runs.map((values, index) => {
    const line = { name: `unit ${site.units[index]}`, color: color(index), dash: dash(index) };
    return { ...line, x: series.x, y: values };
  });
}

function distanceLines(site) {
  const [mean, variance] = site.distance.runs;
  return [
    { name: "mean, in standard deviations", color: color(0), dash: null, x: site.distance.x, y: mean },
    { name: "variance, |ln ratio|", color: color(1), dash: "7 4", x: site.distance.x, y: variance },
  ];
}

function population() {
  const title = "Population statistics over time steps";
  const runs = allRuns().filter((run) => run.statistics.length > 0);
  const without = [...new Set(allRuns().filter((run) => run.without).map((run) => `${run.name}: ${run.without}`))];
  const missing = without.length ? html("details", {}, html("summary", {}, `Runs without them: ${without.length}`), without.map((text) => html("div", {}, text))) : null;
  if (runs.length === 0) return section(title, "No run has any.", missing);
  const chosen = { run: runs[0], path: runs[0].statistics[0].path };
  const site = () => chosen.run.statistics.find((site) => site.path === chosen.path) ?? chosen.run.statistics[0];
  const units = (title, key, log) =>
    chart("usual", () => ({ title: `${title} of units of ${site().path}`, x: "time step", y: title.toLowerCase(), log, lines: unitLines(site(), site()[key]) }));
  const distance = chart("usual", () => ({
    title: "Distance from where they end", about: "median over these units; the end is the average over the second half; solid: means, in standard deviations, dashed: variances, |ln ratio|",
    x: "time step", y: "distance", log: false, lines: distanceLines(site()),
  }));
  const paths = () => chosen.run.statistics.map((site) => site.path);
  const pathControl = html("span");
  const renew = () => pathControl.replaceChildren(choice("Normalization", paths(), (index) => ((chosen.path = paths()[index]), drawAll())));
  renew();
  const runControl = choice("Run", runs.map((run) => run.name), (index) => {
    Object.assign(chosen, { run: runs[index], path: runs[index].statistics[0].path });
    renew();
    drawAll();
  });
  const about = "Mean and variance of up to ten units at each time step, from the newest checkpoint, as in figure 5 of Cooijmans et al. 2016.";
  const drawn = [units("Mean", "mean", false), units("Variance", "variance", true), distance];
  return section(title, about, html("div", { class: "controls" }, runControl, pathControl), html("div", { class: "charts" }, drawn), missing);
}

// Time.

function phaseColor(index) {
  return `var(--p${index})`;
}

function phaseLegend(phases) {
  const marks = phases.map((phase, index) => html("label", {}, mark(phaseColor(index), null), phase));
  return html("div", { class: "controls" }, marks);
}

function duration(seconds) {
  if (seconds < 120) return `${number(seconds)} s`;
  if (seconds < 7200) return `${number(Number((seconds / 60).toPrecision(3)))} min`;
  return `${number(Number((seconds / 3600).toPrecision(3)))} h`;
}

/** A bar for each group, which is told in words too. */
function bars(groups, key, text) {
  const sum = (group) => finite([group.time[key]]).reduce((a, b) => a + b, 0);
  const longest = Math.max(...groups.map(sum), Number.MIN_VALUE);
  return groups.map((group) => {
    let at = 0;
    const parts = group.time[key].map((value, index) => {
      const width = ((value ?? 0) / longest) * 1000;
      const part = svg("rect", { x: at, y: 0, width: Math.max(0, width - 1), height: 20 });
      part.style.fill = phaseColor(index);
      at += width;
      return part;
    });
    const words = page.phases.map((phase, index) => `${phase} ${text(group.time[key][index])}`).join(", ");
    const drawing = svg("svg", { viewBox: "0 0 1000 20", height: 20, preserveAspectRatio: "none", role: "img", "aria-label": words }, svg("title", {}, words), parts);
    return html("details", {}, html("summary", {}, `${group.name}: ${text(sum(group))}`, drawing), html("small", {}, words));
  });
}

function time() {
  const title = "Time";
  const groups = () => page.groups.filter((group) => group.time && page.shown[group.index]);
  if (groups().length === 0) return nothing(title, "No run has written what its time went into.");
  const kinds = [
    ["milliseconds for each update", "per_update", (value) => `${number(value)} ms`],
    ["the whole run", "whole", duration],
  ];
  let kind = kinds[0];
  const figure = html("figure");
  const self = { figure, draw: () => figure.replaceChildren(...bars(groups(), kind[1], kind[2])) };
  page.bars.push(self);
  const control = choice("Show", kinds.map(([name]) => name), (index) => ((kind = kinds[index]), self.draw()));
  self.draw();
  return section(title, "Means over seeds. Open a bar for its numbers.", html("div", { class: "controls" }, control), phaseLegend(page.phases), figure);
}
