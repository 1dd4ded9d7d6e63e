const all = (query) => [...inner.querySelectorAll(query)];
const drawings = () => all("figure > svg");
const tips = () => all(".tip").filter((tip) => !tip.hidden && tip.textContent).length;
const tell = (name, value) => (document.body.dataset[name] = value);

for (const query of ["select", "input[type=range]", "input[type=checkbox]"]) {
  for (const count of all(query).keys()) {
    // Using one may put others in their place.
    const control = all(query)[count];
    const values = control.options ? [...control.options].map((option) => option.value) : [control.min || "0", control.max || "1"];
    for (const value of [...values, values[0]]) {
      if (control.type === "checkbox") control.checked = !control.checked;
      else control.value = value;
      for (const type of ["input", "change"]) control.dispatchEvent(new view.Event(type, { bubbles: true }));
    }
  }
}
for (const box of all("input[type=checkbox]")) {
  if (box.checked) box.click();
}

for (const drawing of drawings()) {
  const box = drawing.getBoundingClientRect();
  const place = { clientX: box.left + box.width / 2, clientY: box.top + 20, pointerType: "mouse" };
  drawing.dispatchEvent(new view.PointerEvent("pointermove", place));
}
tell("pointed", tips());
tell("overflow", inner.documentElement.scrollWidth > inner.documentElement.clientWidth);
for (const drawing of drawings()) {
  drawing.dispatchEvent(new view.PointerEvent("pointerleave", { pointerType: "mouse" }));
}
if (tips() !== 0) throw new Error("what a pointer has shown is still there");
for (const drawing of drawings()) {
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft"]) drawing.dispatchEvent(new view.KeyboardEvent("keydown", { key }));
}
tell("walked", tips());
for (const drawing of drawings()) drawing.dispatchEvent(new view.KeyboardEvent("keydown", { key: "Escape" }));
if (tips() !== 0) throw new Error("what the keys have shown is still there");

const theme = inner.getElementById("theme");
const themes = [0, 1].map(() => (theme.click(), inner.documentElement.dataset.theme));
tell("themes", themes.sort().reverse().join(" "));
for (const button of all(".legend button")) button.click();
tell("hidden", drawings().filter((drawing) => drawing.querySelector("path")).length);
