"use strict";
// Everything on the page is made here, and text only ever becomes text: metadata is other people's.
const data = JSON.parse(document.getElementById("data").textContent);

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("--")) node.style.setProperty(name, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  return fill(node, children);
}

/** Append nodes and texts, however deeply listed; null and false stand for nothing. */
function fill(node, ...children) {
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

const ICONS = {
  sample: "M3 8.5 6.5 12 13 4.5",
  rejection: "M4 4 12 12M12 4 4 12",
  failure: "M8 3V9M8 12.2V12.6",
  present: "M8 4.5a3.5 3.5 0 1 0 .01 0Z",
  absent: "M8 3a5 5 0 1 0 .01 0ZM4.6 11.4 11.4 4.6",
  sound: "M2.5 6v4M5.5 3.5v9M8.5 5.5v5M11.5 2.5v11M14 6.5v3",
  play: "M5 3.2 13 8 5 12.8Z",
  pause: "M4.5 3.5h2.5v9H4.5ZM9 3.5h2.5v9H9Z",
  light: "M8 5a3 3 0 1 0 .01 0ZM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13",
  dark: "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6Z",
};

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const icon = (name) =>
  svg("svg", { class: `icon i-${name}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));

const number = (value) => value.toLocaleString("en-US");
const sum = (values) => values.reduce((total, value) => total + value, 0);
const plural = (n, one, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;

function percent(part, whole) {
  if (!whole) return "–";
  const value = (100 * part) / whole;
  if (part > 0 && value < 0.1) return "<0.1%";
  return (part < whole && value > 99.9 ? "99.9" : value.toFixed(value === 100 || value === 0 ? 0 : 1)) + "%";
}

function compact(value) {
  if (value < 10_000) return number(value);
  return value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 });
}

const dollars = (value) =>
  value == null ? "not priced" : value === 0 ? "$0" : "$" + value.toLocaleString("en-US", value < 1 ? { minimumSignificantDigits: 2, maximumSignificantDigits: 2 } : { maximumFractionDigits: 2, minimumFractionDigits: 2 });

function clock(seconds, total = seconds) {
  if (total < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function span(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([unit]) => seconds >= unit);
  if (first < 0) return "0 s";
  const [unit, name] = parts[first];
  const rest = Math.floor((seconds % unit) / (parts[first + 1]?.[0] ?? 1));
  return `${Math.floor(seconds / unit)} ${name}` + (rest && unit > 1 ? ` ${rest} ${parts[first + 1][1]}` : "");
}

const OUTCOMES = ["sample", "rejection", "failure"];
const WORD = { sample: "Accepted", rejection: "Rejected", failure: "Failed", pending: "Not done yet" };
const badge = (outcome) => el("span", { class: `badge ${outcome}` }, icon(outcome), WORD[outcome]);
const byId = (id) => document.getElementById(id);
const taskName = (task) => task.replaceAll("_", " ");
