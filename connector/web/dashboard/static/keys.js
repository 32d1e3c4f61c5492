"use strict";
// Single keys move and open, and never change anything. Without this file everything works by links.
// A switch in the help turns them off (WCAG 2.1.4); none works in a field or beside Ctrl, Alt or Meta.
(() => {
  const OFF = "secondlook-keys-off";
  const help = document.getElementById("keys");
  const off = help.querySelector("input");
  let afterG = false;

  const stored = (() => { try { return localStorage; } catch { return null; } })();
  off.checked = stored?.getItem(OFF) === "1";
  off.addEventListener("change", () => stored?.setItem(OFF, off.checked ? "1" : "0"));
  help.querySelector("button").addEventListener("click", () => help.close());

  const follow = (selector) => document.querySelector(selector)?.click();
  const rows = () => [...document.querySelectorAll("tbody tr a:first-of-type")].filter(
    (link, n, all) => all.findIndex((each) => each.closest("tr") === link.closest("tr")) === n);

  function move(step) {
    const links = rows();
    const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
    links[next]?.focus();
  }

  // Choosing a row changes nothing but the page.
  function mark() {
    const box = document.activeElement?.closest("tr")?.querySelector("input[type=checkbox]");
    if (box) box.checked = !box.checked;
  }

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.querySelector(".filters input, .filters select")?.focus(),
    f: () => document.querySelector(".filters input, .filters select")?.focus(),
    x: () => mark(),
    "[": () => follow("a[rel=prev]"),
    "]": () => follow("a[rel=next]"),
    e: () => follow("a[data-file]"),
    n: () => follow("a[rel=next]"),
    v: () => document.getElementById("answers")?.scrollIntoView(),
    "?": () => (help.open ? help.close() : help.showModal()),
  };

  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.altKey || event.metaKey || at.closest("input, select, textarea")) return;
    if (off.checked && event.key !== "?") return;
    const chosen = afterG ? () => follow(`a[data-key="${CSS.escape(event.key)}"]`) : KEYS[event.key];
    afterG = !afterG && event.key === "g";
    if (!chosen || help.open && event.key !== "?") return;
    event.preventDefault();
    chosen();
  });
})();
