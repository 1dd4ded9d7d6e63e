"use strict";
// Elements of the page and of drawings. Texts only ever become text, never marks of the page.

const DRAWING = document.getElementById("drawing").namespaceURI;

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

/** An element of the page. */
function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of a drawing. */
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(DRAWING, tag), attributes, children);
}

const COLORS = 8;
const DASHES = [null, "7 4", "2 3", "9 3 2 3"];

/** The colour of the group with this number. */
function color(index) {
  return `var(--c${index % COLORS})`;
}

/** The dashes of the group with this number: groups beyond the last colour have others. */
function dash(index) {
  return DASHES[Math.floor(index / COLORS) % DASHES.length];
}

/** A short piece of a line as it is drawn in charts. */
function mark(stroke, dashes) {
  const line = svg("line", { x1: 0, x2: 24, y1: 6, y2: 6, "stroke-width": 3, "stroke-dasharray": dashes });
  line.style.stroke = stroke;
  return svg("svg", { class: "mark", viewBox: "0 0 24 12", "aria-hidden": "true" }, line);
}

/** A choice among texts; `change` is told the number of the one that was chosen. */
function choice(label, texts, change) {
  const options = texts.map((text, index) => html("option", { value: index }, text));
  const select = html("select", { onchange: () => change(Number(select.value)) }, options);
  return html("label", {}, label, select);
}

/** Something that is on or off. */
function toggle(label, on, change) {
  const box = html("input", { type: "checkbox", onchange: () => change(box.checked) });
  box.checked = on;
  return html("label", {}, box, label);
}

/** A slider over numbers, of which the last is chosen first. */
function slider(label, numbers, change) {
  const last = numbers.length - 1;
  const shown = html("output", {}, grouped(numbers[last]));
  const move = () => {
    shown.textContent = grouped(numbers[Number(input.value)]);
    change(numbers[Number(input.value)]);
  };
  const input = html("input", { type: "range", min: 0, max: last, value: last, oninput: move });
  return html("label", {}, label, input, shown);
}
