"""The style sheet and the script of the page, as text."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2933; --muted: #5b6776; --rule: #e3e7ec; --accent: #c43f08;
}
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e4e8ec; --muted: #9aa7b4; --rule: #2b333c; --accent: #ff8a57; }
  /* Lightness is turned around and the hue kept: the figures' scales stay in order on a dark page. */
  .plot { filter: invert(.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { margin: 2px 0 12px; font-size: 32px; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 6px; font-size: 19px; line-height: 1.3; }
section { margin-top: 44px; }
.kicker { margin: 0; color: var(--muted); font-size: 14px; }
.conclusion { margin: 0; max-width: 44em; font-size: 19px; }
.conclusion { border-left: 3px solid var(--accent); padding-left: 14px; }
.caption { margin: 0 0 8px; max-width: 48em; color: var(--muted); font-size: 15px; }
.key { margin: 8px 0 0; color: var(--muted); font-size: 14px; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 40px; }
.wide { overflow-x: auto; overflow-wrap: normal; }
table { border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 22px 7px 0; text-align: left; vertical-align: baseline; }
th, td { border-bottom: 1px solid var(--rule); }
thead th { color: var(--muted); font-size: 14px; vertical-align: bottom; border-bottom-color: var(--muted); }
tbody th { font-weight: 400; }
tr.chosen > th { font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
.best { font-weight: 700; color: var(--accent); }
dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: 5px 22px; margin: 0; }
dl { font-size: 15px; }
dt { color: var(--muted); }
dd { margin: 0; }
.key > dl { gap: 2px 14px; font-size: 14px; }
ul { margin: 0; padding-left: 20px; }
li { margin: 3px 0; }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--muted); font-size: 15px; }
details[open] > summary { margin-bottom: 8px; }
@media (max-width: 760px) {
  main { padding: 24px 16px 40px; }
  h1 { font-size: 26px; }
  section { margin-top: 34px; }
  .conclusion { font-size: 17px; }
  .pair { grid-template-columns: minmax(0, 1fr); }
  table { font-size: 14px; }
  th, td { padding-right: 12px; }
  thead .number { white-space: normal; }
  .text { min-width: 11em; }
}
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 11pt; }
  .pair { display: block; }
  section { margin-top: 24px; break-inside: avoid; }
  .modebar { display: none; }
}
"""

SCRIPT = """
const boxes = [...document.querySelectorAll('.plot')];
const touch = matchMedia('(pointer: coarse)').matches;
const config = {
  responsive: true, displaylogo: false, displayModeBar: touch ? false : 'hover',
  showSendToCloud: false, plotlyServerURL: '',  // plotly.js offers to upload figures unless told not to
  modeBarButtonsToRemove: ['select2d', 'lasso2d', 'zoomIn2d', 'zoomOut2d', 'autoScale2d', 'pan2d'],
};
for (const box of boxes) {
  const figure = JSON.parse(document.getElementById(box.dataset.figure).textContent);
  if (touch) figure.layout.dragmode = false;  // a finger that scrolls the page is not to zoom a figure
  Plotly.newPlot(box, figure.data, figure.layout, config);
}
addEventListener('beforeprint', () => {
  // The figures are still as wide as the screen when the browser asks for the pages.
  for (const box of boxes) Plotly.relayout(box, {autosize: false, width: 660});
});
addEventListener('afterprint', () => {
  for (const box of boxes) Plotly.relayout(box, {autosize: true, width: null});
});
"""
