/** System fonts and colours of both schemes: nothing is fetched, and a phone at night does not glare. */
export const DASHBOARD_STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#f6f7f9, #101418);
  --card: light-dark(#ffffff, #1a2027);
  --text: light-dark(#1b2430, #e4e9ee);
  --soft: light-dark(#5b6775, #9aa7b4);
  --line: light-dark(#dde2e8, #2c353f);
  --good: light-dark(#1a7f4b, #4ccb8a);
  --warn: light-dark(#8a5b00, #e6b450);
  --bad: light-dark(#b3261e, #ff8a80);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 72rem;
  background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; }
h1 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
.soft { color: var(--soft); }
.verdict, .tile, .table {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
}
.verdict { margin: 1rem 0; padding: .75rem 1rem; border-left: .4rem solid var(--good); }
.verdict.troubled { border-left-color: var(--bad); }
.verdict strong { font-size: 1.15rem; }
.verdict ul { margin: .5rem 0 0; padding-left: 1.2rem; }
.verdict li { margin: .25rem 0; overflow-wrap: anywhere; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); }
.tile { padding: .6rem .9rem; }
.tile dt { color: var(--soft); font-size: .85rem; }
.tile dd { margin: 0; font-size: 1.25rem; overflow-wrap: anywhere; }
.tile dd + dd { color: var(--soft); font-size: .85rem; }
dl { margin: 0; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .9rem; text-align: left; vertical-align: top; }
th { color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; }
tr + tr td, thead + tbody td { border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; }
td.name { overflow-wrap: anywhere; min-width: 8rem; }
td .soft { display: block; font-size: .85rem; font-weight: 400; }
.when { white-space: nowrap; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.state { font-weight: 600; white-space: nowrap; }
@media (max-width: 40rem) {
  thead { display: none; }
  tr { display: block; padding: .5rem 0; }
  tr + tr { border-top: 1px solid var(--line); }
  td, td.number {
    display: flex; gap: 1rem; justify-content: space-between;
    border: 0 !important; padding: .1rem .9rem; text-align: right;
  }
  td::before { content: attr(data-label); color: var(--soft); text-align: left; }
  td.name { display: block; font-weight: 600; text-align: left; }
  td.name::before { content: none; }
}
`;
