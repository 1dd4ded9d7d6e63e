// What came out, in numbers; settings, and in what they differ.

const COLUMNS = ["", "state", "best validation", "test, population", "test, running", "test, batch", "updates", "epochs", "s per epoch"];

function cell(label, found, words) {
  const content = found === null ? ["–"] : [found.text, found.interval ? html("small", {}, `95 %: ${found.interval}`) : null];
  return html("td", { "data-label": label, class: words ? "words" : null }, html("span", {}, content));
}

function plain(label, texts, words) {
  const content = texts.map((text) => html("div", {}, text));
  return html("td", { "data-label": label, class: words ? "words" : null }, html("span", {}, content));
}

function resultRow(group, index) {
  const { row } = group;
  const seeds = group.runs.map((run) => run.seed).join(", ");
  const tasks = names((group) => [group.task]);
  const about = `${tasks.length > 1 ? `${group.task}; ${group.metric.name}; ` : ""}seed${group.runs.length === 1 ? "" : "s"} ${seeds}`;
  const numbers = [row.best, ...row.test];
  return html(
    "tr",
    {},
    html("td", {}, mark(color(index), dash(index)), group.name, html("small", {}, about)),
    plain(COLUMNS[1], row.states, true),
    numbers.map((found, number) => cell(COLUMNS[number + 2], found)),
    plain(COLUMNS[6], [row.updates]),
    plain(COLUMNS[7], [row.epochs]),
    cell(COLUMNS[8], row.seconds),
  );
}

/** The table of results. */
function results(groups) {
  const head = COLUMNS.map((name, index) => html("th", { class: index === 1 ? "words" : null, scope: "col" }, name));
  return section(
    "Results",
    "Mean ± standard deviation over seeds, with the 95 % confidence interval of the mean (Student’s t). Best validation " +
      "is under population statistics, of runs that have not diverged. Seconds are those of the updates alone.",
    html("div", { class: "scroll" }, html("table", { class: "results" }, html("thead", {}, html("tr", {}, head)), html("tbody", {}, groups.map(resultRow)))),
  );
}

function differenceTable(data) {
  const { fields, values } = data.differences;
  const head = ["", ...data.groups.map((group) => group.name)].map((name) => html("th", { scope: "col" }, name));
  const rows = fields.map((field, index) =>
    html("tr", {}, html("th", { scope: "row" }, field), values[index].map((value) => html("td", {}, value ?? "–"))),
  );
  return html("div", { class: "scroll" }, html("table", { class: "fields" }, html("thead", {}, html("tr", {}, head)), html("tbody", {}, rows)));
}

function settingsOf(group, differing) {
  const rows = group.settings.map(([field, value]) =>
    html("tr", { class: differing.has(field) ? "differs" : null }, html("td", {}, field), html("td", {}, value)),
  );
  const runs = group.runs.map((run) =>
    html("tr", {}, html("td", {}, `seed ${run.seed}`), html("td", {}, run.directory), html("td", {}, run.state)),
  );
  return html(
    "details",
    {},
    html("summary", {}, group.name),
    html("div", { class: "scroll" }, html("table", { class: "fields" }, html("tbody", {}, rows))),
    html("h3", {}, "Runs"),
    html("div", { class: "scroll" }, html("table", { class: "fields" }, html("tbody", {}, runs))),
  );
}

/** All settings. */
function settings(data) {
  const differing = new Set(data.differences.fields);
  const several = data.groups.length > 1 && differing.size > 0;
  const difference = several ? html("details", { open: "" }, html("summary", {}, "Differences"), differenceTable(data)) : null;
  const about = "The configuration of the first seed of each group; fields in which groups differ are bold.";
  return section("Settings", about, difference, ...data.groups.map((group) => settingsOf(group, differing)));
}
