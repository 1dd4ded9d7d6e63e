// Numbers as text, and axes.

/** A number with four digits that count. */
function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e7) return value.toExponential(2).replaceAll("-", "−");
  if (Number.isInteger(value)) return grouped(value);
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** A whole number with thin spaces between thousands. */
function grouped(value) {
  return String(value).replace("-", "−").replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** The finite numbers in some lists. */
function finite(lists) {
  return lists.flat().filter((value) => Number.isFinite(value));
}

/** A linear axis over the values, drawn from `start` to `end`. */
function linear(values, start, end, room) {
  let low = values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const margin = (high - low) * room;
  // What is never negative has no negative axis.
  const floor = low >= 0 ? Math.max(0, low - margin) : low - margin;
  [low, high] = [floor, high + margin];
  const at = (value) => start + ((value - low) / (high - low)) * (end - start);
  return { at, ticks: (count) => linearTicks(low, high, count), fits: () => true };
}

/** Round numbers between two. */
function linearTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw * 0.999);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(i * step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = (value) => {
    const size = Math.max(Math.abs(low), Math.abs(high));
    if (size < 1e-3 || size >= 1e7) return number(Number(value.toPrecision(6)));
    return decimals === 0 ? grouped(Math.round(value)) : value.toFixed(decimals).replace("-", "−");
  };
  return ticks.map((value) => ({ value, text: text(value) }));
}

/** A logarithmic axis over the positive values. */
function logarithmic(values, start, end) {
  const positive = values.filter((value) => value > 0).map(Math.log10);
  let low = positive.reduce((a, b) => Math.min(a, b), Infinity);
  let high = positive.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low === Infinity) [low, high] = [-1, 1];
  const margin = Math.max((high - low) * 0.04, 0.05);
  [low, high] = [low - margin, high + margin];
  const at = (value) => start + ((Math.log10(value) - low) / (high - low)) * (end - start);
  return { at, ticks: (count) => logarithmicTicks(low, high, count), fits: (value) => value > 0 };
}

/** Powers of ten, and where there are few of them their multiples too. */
function logarithmicTicks(low, high, count) {
  const decades = high - low;
  const factors = decades < 1 ? [1, 2, 3, 5, 7] : decades < 2.5 ? [1, 2, 5] : [1];
  const step = Math.max(1, Math.ceil(decades / Math.max(2, count)));
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    if (factors.length === 1 && power % step !== 0) continue;
    for (const factor of factors) {
      const place = power + Math.log10(factor);
      if (place >= low && place <= high) ticks.push({ value: factor * 10 ** power, text: powerText(factor, power) });
    }
  }
  return ticks.length > 2 ? ticks : linearTicks(10 ** low, 10 ** high, count).filter((tick) => tick.value > 0);
}

/** `0.02`, or `10⁻⁵` far from one. */
function powerText(factor, power) {
  if (power >= -3 && power <= 3) {
    const value = factor * 10 ** power;
    return power < 0 ? value.toFixed(-power) : grouped(Math.round(value));
  }
  const digits = String(power).replace(/./g, (digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]));
  return `${factor === 1 ? "" : `${factor}·`}10${digits}`;
}
