import { darkChartRules } from '../charts/palette.ts';

const LIGHT = `
--page:#f4f6f9;--card:#ffffff;--ink:#1b2430;--muted:#566272;--line:#dde3ea;--soft:#eef1f5;
--pass:#08704b;--pass-tint:#e6f5ee;--fail:#bb3609;--fail-tint:#fdeee8;--open:#855600;--open-tint:#fcf3dd;
--next:#1f6fc9;--pending:#e2b04a;--mark:#1a2b3d;--on-mark:#fefefe;`;

const DARK = `
--page:#0c1118;--card:#131a23;--ink:#e6ebf2;--muted:#9aa7b7;--line:#273140;--soft:#1b242f;
--pass:#4ccb98;--pass-tint:#0f2b22;--fail:#ff8552;--fail-tint:#351b12;--open:#e6b450;--open-tint:#2f2510;
--next:#5aa2f0;--pending:#b98a2c;--mark:#dfe6ee;--on-mark:#10161e;`;

const BASE = `
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:1144px;margin:0 auto;padding:28px 16px 64px}
h1{font-size:29px;line-height:1.22;letter-spacing:-.012em;margin:.25em 0 .75em;max-width:30em;text-wrap:balance}
h2{font-size:19px;line-height:1.3;margin:0 0 12px}
h3{font-size:15px;margin:20px 0 6px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px;margin:16px 0}
p{margin:0 0 10px}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.eyebrow{display:flex;flex-wrap:wrap;gap:4px 14px;color:var(--muted);font-size:14px;margin:0}
.brand{font-weight:700;color:var(--ink);letter-spacing:.02em}
.fine,.lead,caption{color:var(--muted);font-size:13px}
.fine{display:block;font-weight:400}
.missing,.empty{color:var(--muted);font-style:italic}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
`;

const VERDICT = `
.verdict{display:flex;gap:20px;align-items:center;border-radius:12px;padding:20px 24px;border:1px solid;border-left-width:8px}
.verdict p{margin:0}
.verdict-word{font-size:42px;font-weight:750;line-height:1.05;letter-spacing:-.02em}
.verdict-meaning{font-weight:600;margin-top:2px!important}
.verdict-reason{color:var(--ink);margin-top:4px!important;max-width:60em;overflow-wrap:anywhere}
.verdict-counts{color:var(--muted);font-size:13px;margin-top:6px!important}
.pass{--tone:var(--pass);--tint:var(--pass-tint)}
.fail{--tone:var(--fail);--tint:var(--fail-tint)}
.inconclusive{--tone:var(--open);--tint:var(--open-tint)}
.verdict{background:var(--tint);border-color:var(--tone);color:var(--tone)}
.icon{flex:none}
.icon-body{fill:var(--tone)}
.icon-sign{fill:none;stroke:var(--card);stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.outcome{display:inline-flex;gap:7px;align-items:center;color:var(--tone);font-weight:650;white-space:nowrap}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:0 24px;margin:0}
.figures.three{grid-template-columns:repeat(3,1fr)}
.figure{padding:2px 0 8px}
.figure dt{font-size:13px;color:var(--muted)}
.figure dd{margin:0}
.big{font-size:27px;font-weight:680;letter-spacing:-.015em;line-height:1.25;font-variant-numeric:tabular-nums}
.big.missing{font-weight:400}
`;

const TABLES = `
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:0 0 8px}
th,td{padding:9px 14px 9px 0;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:12.5px;font-weight:600;color:var(--muted);border-top:0;padding-top:0;padding-bottom:6px}
tbody th{font-weight:400}
.number{text-align:right;white-space:nowrap}
.rules td:first-child{width:126px}
.rules td:nth-child(3){width:23%}
.rules td:nth-child(4){width:17%}
.rules th,.rules td{padding-top:7px;padding-bottom:8px;line-height:1.42}
.promise{display:block;font-weight:600}
.reason{display:block}
.fail .reason,.inconclusive .reason{color:var(--tone)}
.value{display:block;font-weight:600;overflow-wrap:anywhere}
.value.missing{font-weight:400}
tbody tr.fail>:first-child,tbody tr.inconclusive>:first-child{box-shadow:inset 4px 0 0 var(--tone);padding-left:12px}
tbody tr.fail,tbody tr.inconclusive{background:var(--tint)}
tbody tr.fail>:last-child,tbody tr.inconclusive>:last-child{padding-right:10px}
.contracts td:nth-last-child(3){width:31%}.contracts td:nth-last-child(2){width:16%}.contracts td:last-child{width:19%}
.contracts th[scope=rowgroup]{width:34%}
.contracts th,.contracts td{padding-top:7px;padding-bottom:8px;line-height:1.42}
.contracts tbody tr.fail,.contracts tbody tr.inconclusive{background:none}
.contracts tbody tr>:first-child{box-shadow:none!important;padding-left:0!important}
.contracts tbody tr+tr>td{border-top-style:dotted}
.waterfall th:first-child{width:300px}
.times .bar{opacity:.45}.times .bar.instant{opacity:1}
.waterfall th,.waterfall td{padding-top:6px;padding-bottom:6px}
.waterfall .fine{display:inline;margin-left:8px}
.waterfall .number{width:96px}
.waterfall td.missing{padding-left:34px}
.track{display:block;position:relative;height:14px;margin-top:5px;background:var(--soft);border-radius:3px}
.bar{position:absolute;top:0;bottom:0;background:var(--next);border-radius:2px}
.bar.instant{background:var(--mark)}
.compact{width:auto;min-width:min(100%,560px);margin:0 0 18px}
.compact caption{font-weight:650;color:var(--ink);font-size:14px;padding-bottom:4px}
.compact th,.compact td{padding:5px 18px 5px 0;font-size:14px}
.marks td:first-child{width:52px}.marks .number{width:112px}
.error{color:var(--muted);font-size:11px;display:inline-block;width:22px;text-align:left;margin:0 -22px 0 0;padding-left:3px}
.marks td.number,.marks th.number{padding-right:34px}
.sign{display:inline-block;min-width:22px;padding:0 7px;border-radius:11px;background:var(--mark);color:var(--on-mark);
font-size:12px;font-weight:700;line-height:22px;text-align:center}
.sign.grave{background:var(--fail);color:var(--card)}
.lane{display:inline-block;min-width:66px;margin-right:8px;padding:0 7px;border-radius:4px;background:var(--soft);color:var(--muted);
font-size:12px;line-height:19px;text-align:center}
.lane.warning{min-width:0;background:var(--fail-tint);color:var(--fail);font-weight:600}
.said{overflow-wrap:anywhere}
.who{color:var(--muted);width:180px}
.steps,.drift{margin:0 0 14px}
.steps th,.steps td,.drift th,.drift td{padding-top:6px;padding-bottom:6px;font-size:14px;line-height:1.42}
.steps thead th,.drift thead th{font-size:12.5px}
.steps tbody th{font-weight:600;width:190px;overflow-wrap:anywhere}
.steps .number{width:92px}
.drift tbody th{width:32%}
a{color:var(--next)}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:0 32px}
.notes{margin:0 0 12px;padding-left:18px}
.command{margin:0 0 10px;padding:10px 14px;background:var(--soft);border-radius:6px;overflow-x:auto}
figure{margin:0 0 12px}
.chart svg{display:block;width:100%;height:auto}
.chart text{font-family:inherit!important}
.chart.narrow{display:none}
details{margin-top:8px}
summary{cursor:pointer;color:var(--next);font-weight:600}
.scroll{overflow:auto;max-height:480px;margin-top:8px}
.data th,.data td{padding:3px 14px 3px 0;font-size:13px}
`;

const NARROW = `@media screen and (max-width:719px){
main{padding:16px 10px 40px}
section{padding:16px 12px}
h1{font-size:23px}
.verdict{padding:14px 16px;gap:14px;align-items:flex-start}
.verdict .icon{width:44px;height:44px}
.verdict-word{font-size:32px}
.figures,.figures.three{grid-template-columns:1fr 1fr;gap:4px 16px}
.big{font-size:23px}
.chart.wide{display:none}.chart.narrow{display:block}
.cards thead{position:absolute;clip-path:inset(50%)}
.cards tr,.cards td,.cards th{display:block;width:auto!important;border:0;padding:2px 0}
.cards tr{border-top:1px solid var(--line);padding:10px 0}
.cards tbody tr.fail,.cards tbody tr.inconclusive{padding:10px;box-shadow:inset 4px 0 0 var(--tone)}
.cards tbody tr.fail>:first-child,.cards tbody tr.inconclusive>:first-child{box-shadow:none;padding-left:0}
.cards td:nth-child(n+3)::before{content:attr(data-label) ": ";color:var(--muted);font-size:13px}
.cards td:nth-child(n+3) .value{display:inline}
.cards td.number{text-align:left}
.steps td.number{display:inline-block!important;margin-right:14px}
.waterfall th:first-child{width:auto}.waterfall .number{width:auto}.waterfall .fine{display:block;margin:0}
.waterfall th,.waterfall td,.marks th,.marks td{padding-right:8px;font-size:14px}
.waterfall .bar-cell{display:none}
.marks td:first-child{width:34px}.marks .number{width:74px}
.who,.marks th:last-child{display:none}
.marks td.number,.marks th.number{padding-right:24px}
.compact{width:100%;min-width:0}.compact th,.compact td{padding-right:8px;font-size:13px}
.compact tr>:last-child{padding-right:0}
.latency tr>:nth-child(5){display:none}
}`;

const PRINT = `@media print{
@page{margin:12mm}
body{background:#fff;font-size:11px}
main{max-width:none;padding:0}
section{border:0;padding:0;margin:0 0 18px;border-radius:0}
section h2{break-after:avoid}
tr,figure,.verdict,.figure{break-inside:avoid}
details{display:none}
h1{font-size:22px}h2{font-size:15px}h3{font-size:12px}
.fine,.lead,caption,.eyebrow,.figure dt,.verdict-counts,.compact th,.compact td,.lane,.sign,thead th{font-size:10px!important}
.compact caption{font-size:11px!important}
.verdict{margin-bottom:18px}.rules td:nth-child(3){width:27%}
.verdict-word{font-size:32px}.big{font-size:20px}
.verdict,.bar,.track,.sign,.lane,tr,.chart{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}`;

/** The whole style sheet; dark colours are for screens only, so that paper stays white. */
export const STYLES = [
  `:root{color-scheme:light dark;${LIGHT}}`,
  BASE,
  VERDICT,
  TABLES,
  `@media screen and (prefers-color-scheme:dark){:root{${DARK}}${darkChartRules()}}`,
  NARROW,
  PRINT,
]
  .join('')
  .replaceAll('\n', '');
