/** What the pages of the guard have beyond those of a run. */
export const GUARD_STYLES = `
.statement{margin:0 0 18px}
.statement:last-child{margin-bottom:0}
.sql{margin:0 0 8px;padding:10px 14px;background:var(--soft);border-radius:6px;overflow-x:auto;white-space:pre-wrap;
overflow-wrap:anywhere;font:.92em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.effects{display:grid;grid-template-columns:130px 1fr;gap:3px 14px;margin:0;font-size:14px}
.effects dt{color:var(--muted)}
.effects dd{margin:0;overflow-wrap:anywhere}
.effects dd.fail,.effects dd.inconclusive{color:var(--tone);font-weight:600}
.place{color:var(--muted);font-size:13px}
.safer{margin:8px 0 0}
.accepted{font-weight:600}
@media screen and (max-width:719px){.effects{grid-template-columns:1fr;gap:0}.effects dd{margin-bottom:6px}}
`;
