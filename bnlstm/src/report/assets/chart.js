// A chart of lines with bands. What it shows is asked for again whenever it is drawn.

const HEIGHT = { wide: 340, usual: 250 };
const charts = [];

/**
 * A chart. `ask` gives what it shows: `{ title, about, x, y, log, lines }`, each line being
 * `{ name, color, dash, x, y, low, high, detail }` with `detail` the text for a point beside its value.
 */
function chart(size, ask) {
  const figure = html("figure");
  const self = { figure, size, ask, cursor: null, places: [] };
  charts.push(self);
  return figure;
}

/** Draws all charts. */
function drawAll() {
  charts.forEach(draw);
}

function draw(self) {
  const shown = self.ask();
  const caption = html("figcaption", {}, shown.title, shown.about ? html("small", {}, shown.about) : null);
  self.tip = html("div", { class: "tip", hidden: "" });
  self.figure.replaceChildren(caption);
  self.shown = shown;
  const seen = shown.lines.filter((line) => finite([line.y]).some((value) => !shown.log || value > 0));
  if (seen.length === 0) {
    const why = shown.log && shown.lines.length > 0 ? "No positive values." : "Nothing to show.";
    self.figure.append(html("p", { class: "empty" }, why));
    return;
  }
  self.lines = seen;
  self.figure.append(drawing(self), self.tip);
}

function drawing(self) {
  const { shown, lines } = self;
  const width = Math.max(240, self.figure.clientWidth - 20);
  const height = HEIGHT[self.size];
  const values = finite(lines.flatMap((line) => [line.y, line.low ?? [], line.high ?? []]));
  const axis = shown.log ? logarithmic : linear;
  const bottom = height - 40;
  const y = axis(values, bottom, 8, 0.04);
  const yTicks = y.ticks(Math.floor(height / 50));
  const left = 30 + 7 * yTicks.reduce((most, tick) => Math.max(most, tick.text.length), 1);
  const x = linear(finite(lines.map((line) => line.x)), left, width - 14, 0);
  const xTicks = x.ticks(Math.floor((width - left) / 80));
  Object.assign(self, { x, y, left, bottom, width });
  self.cursor = svg("g", { visibility: "hidden" });
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, height, tabindex: 0, role: "img", "aria-label": shown.title, ...listeners(self) },
    frame(self, xTicks, yTicks, height),
    lines.map((line) => band(self, line)),
    lines.map((line) => curve(self, line)),
    self.cursor,
  );
}

function frame(self, xTicks, yTicks, height) {
  const { x, y, left, bottom, width, shown } = self;
  const parts = [];
  for (const tick of yTicks) {
    const at = y.at(tick.value);
    parts.push(svg("line", { class: "grid", x1: left, x2: width - 14, y1: at, y2: at }));
    parts.push(svg("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, tick.text));
  }
  for (const tick of xTicks) {
    const at = x.at(tick.value);
    parts.push(svg("line", { class: "grid", x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    const anchor = at > width - 24 ? "end" : "middle";
    parts.push(svg("text", { x: Math.min(at, width - 2), y: bottom + 17, "text-anchor": anchor }, tick.text));
  }
  parts.push(svg("line", { class: "grid", x1: left, x2: width - 14, y1: bottom, y2: bottom }));
  parts.push(svg("text", { x: (left + width - 14) / 2, y: height - 6, "text-anchor": "middle" }, shown.x));
  const turned = `rotate(-90 12 ${bottom / 2})`;
  parts.push(svg("text", { x: 12, y: bottom / 2, "text-anchor": "middle", transform: turned }, shown.y));
  return svg("g", {}, parts);
}

/** The places of a line's points; nothing where it has no value that the axis can show. */
function points(self, line, values) {
  return line.x.map((x, index) => {
    const value = values[index];
    const fits = Number.isFinite(value) && self.y.fits(value);
    return fits ? [self.x.at(x).toFixed(1), self.y.at(value).toFixed(1)] : null;
  });
}

function curve(self, line) {
  let path = "";
  let last = null;
  const places = points(self, line, line.y);
  for (const place of places) {
    if (place) path += `${last ? "L" : "M"}${place[0]} ${place[1]}`;
    last = place;
  }
  const drawn = svg("path", { d: path, fill: "none", "stroke-width": 2, "stroke-dasharray": line.dash, "stroke-linejoin": "round" });
  drawn.style.stroke = line.color;
  const seen = places.filter((place) => place);
  if (seen.length > 1) return drawn;
  const dot = svg("circle", { cx: seen[0][0], cy: seen[0][1], r: 4 });
  dot.style.fill = line.color;
  return dot;
}

function band(self, line) {
  if (!line.low) return null;
  const lowest = self.y.at.bind(self.y);
  const parts = [];
  const flush = (run) => {
    if (run.length > 1) {
      const down = run.map(([high]) => high);
      const up = run.map(([, low]) => low).reverse();
      parts.push(`M${[...down, ...up].map((place) => place.join(" ")).join("L")}Z`);
    }
  };
  let run = [];
  line.x.forEach((x, index) => {
    const [low, high] = [line.low[index], line.high[index]];
    const fits = Number.isFinite(low) && Number.isFinite(high) && self.y.fits(low) && self.y.fits(high);
    if (fits) run.push([high, low].map((value) => [self.x.at(x).toFixed(1), lowest(value).toFixed(1)]));
    else [run] = [[], flush(run)];
  });
  flush(run);
  const drawn = svg("path", { d: parts.join(""), "fill-opacity": 0.16, stroke: "none" });
  drawn.style.fill = line.color;
  return drawn;
}

// What a pointer or the arrow keys point at.

function listeners(self) {
  const point = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    show(self, nearestX(self, ((event.clientX - box.left) / box.width) * self.width));
  };
  return {
    onpointermove: point,
    onpointerdown: point,
    onpointerleave: (event) => event.pointerType === "mouse" && hide(self),
    onblur: () => hide(self),
    onkeydown: (event) => step(self, event),
  };
}

/** All x at which any line has a point. */
function allX(self) {
  return [...new Set(finite(self.lines.map((line) => line.x)))].sort((a, b) => a - b);
}

function nearest(list, distance) {
  return list.reduce((best, _, index) => (distance(list[index]) < distance(list[best]) ? index : best), 0);
}

function nearestX(self, place) {
  const all = allX(self);
  return all[nearest(all, (x) => Math.abs(self.x.at(x) - place))];
}

function step(self, event) {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Escape") hide(self);
  if (!move) return;
  event.preventDefault();
  const all = allX(self);
  const now = self.at === undefined ? -1 : all.indexOf(self.at);
  show(self, all[Math.min(all.length - 1, Math.max(0, now + move))]);
}

function hide(self) {
  self.tip.hidden = true;
  self.cursor.setAttribute("visibility", "hidden");
  self.at = undefined;
}

function show(self, x) {
  self.at = x;
  const place = self.x.at(x);
  const rule = svg("line", { class: "cursor", x1: place, x2: place, y1: 8, y2: self.bottom });
  const dots = [];
  const rows = self.lines.map((line) => {
    const index = nearest(line.x, (other) => Math.abs(other - x));
    const value = line.y[index];
    if (Number.isFinite(value) && self.y.fits(value)) dots.push(dot(self, line, index));
    return tipRow(line, index, x);
  });
  self.cursor.replaceChildren(rule, ...dots);
  self.cursor.setAttribute("visibility", "visible");
  self.tip.replaceChildren(html("b", {}, `${self.shown.x} ${number(x)}`), ...rows);
  self.tip.hidden = false;
  // On the side where the page has more room.
  const right = self.figure.getBoundingClientRect().left + place > window.innerWidth / 2;
  self.tip.style.left = right ? "auto" : `${place + 22}px`;
  self.tip.style.right = right ? `${self.width - place + 22}px` : "auto";
}

function dot(self, line, index) {
  const drawn = svg("circle", { cx: self.x.at(line.x[index]), cy: self.y.at(line.y[index]), r: 4 });
  drawn.style.fill = line.color;
  return drawn;
}

function tipRow(line, index, x) {
  const elsewhere = line.x[index] === x ? "" : ` (at ${number(line.x[index])})`;
  const detail = line.detail ? line.detail(index) : "";
  return html(
    "div",
    {},
    mark(line.color, line.dash),
    html("span", {}, line.name + elsewhere),
    html("span", {}, number(line.y[index])),
    detail ? html("small", {}, detail) : null,
  );
}
