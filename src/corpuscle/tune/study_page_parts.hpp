#pragma once

#include <string_view>

/// What the page of a study (study_page.hpp) holds besides the study.
namespace corpuscle::tune {

inline constexpr std::string_view page_style = R"css(
:root{--ink:#1b1f24;--soft:#5b6570;--line:#d9dee3;--best:#d55e00;--complete:#0072b2;--paused:#56b4e9;
--running:#009e73;--stopped:#a3abb3;--failed:#882255}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--ink);
background:#fff;margin:0 auto;max-width:1120px;padding:28px 24px 60px}
h1{font-size:26px;line-height:1.25;margin:0 0 2px;font-weight:650}
h2{font-size:17px;margin:0 0 2px;font-weight:650}
p{margin:.3em 0}
.soft,figcaption{color:var(--soft);font-size:13.5px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:14px;margin:22px 0 30px}
.card{border:1px solid var(--line);border-radius:6px;padding:12px 16px}
.card .name{font-size:13px;color:var(--soft)}
.card .value{font-size:27px;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.card .note{font-size:13px;color:var(--soft)}
.bar{display:flex;height:7px;border-radius:3px;overflow:hidden;margin:7px 0 5px;background:var(--line)}
.bar i{display:block;border-right:1px solid #fff}
section,figure{margin:0 0 34px}
figure{break-inside:avoid}
h2{break-after:avoid}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:0 32px}
.pair figure{display:flex;flex-direction:column}
.pair svg{margin-top:auto}
.scroll{overflow-x:auto}
svg{display:block;width:100%;height:auto;font-size:12px}
svg text{fill:var(--ink)}
svg .tick{fill:var(--soft)}
svg .halo{paint-order:stroke;stroke:#fff;stroke-width:3.5px;stroke-linejoin:round}
svg .middle{text-anchor:middle}
svg .end{text-anchor:end}
svg .bold{font-weight:650}
.grid{stroke:var(--line);fill:none}
.axis{stroke:var(--soft);fill:none}
.trial{fill:none;stroke-width:1.3;stroke-opacity:var(--opacity,.6);stroke-linejoin:round;stroke-linecap:round}
.trial.dot{stroke-width:4}
.trial.none{stroke:var(--failed);stroke-dasharray:2 3}
.trial.best{stroke:var(--best);stroke-width:3;stroke-opacity:1}
.point{stroke-width:1.4;fill:#fff;fill-opacity:.85}
.so-far{fill:none;stroke:var(--best);stroke-width:1.8}
.complete{stroke:var(--complete)}.point.complete{fill:var(--complete)}
.paused{stroke:var(--paused)}.running{stroke:var(--running)}.stopped{stroke:var(--stopped)}
.failed{stroke:var(--failed)}.point.failed{fill:none;stroke-width:1.8}.point.imported{stroke:#111}
.point.best{fill:var(--best);stroke:var(--best);fill-opacity:1}
rect.went-on,i.complete{fill:var(--complete);background:var(--complete)}
rect.waiting,i.paused{fill:var(--paused);background:var(--paused)}
rect.stopped,i.stopped{fill:var(--stopped);background:var(--stopped)}
rect.failed,i.failed{fill:var(--failed);background:var(--failed)}
i.running{background:var(--running)}
rect.went-on,rect.waiting,rect.stopped,rect.failed{stroke:#fff}
table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:4px 9px 4px 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;white-space:nowrap;border-bottom-color:var(--soft)}
td.number,th.number{text-align:right}
td.reason{min-width:250px;font-size:12.5px}
table.wide{width:100%}
tr.best td:nth-child(-n+3){font-weight:650}
tr.best td:first-child{box-shadow:inset 3px 0 var(--best);padding-left:8px}
th:first-child,td:first-child{padding-left:8px}
.place{width:190px}
.warning{border-left:3px solid var(--best);background:#fdf3ec;padding:8px 14px;margin:12px 0 0;font-size:14px}
.warning ul{margin:.2em 0;padding-left:1.2em}
summary{cursor:pointer;color:var(--soft);margin-top:8px}
.hint{display:none}
.js .hint{display:inline}
.js .brush{cursor:ns-resize;touch-action:none}
.chosen{fill:var(--ink);fill-opacity:.13;stroke:var(--ink);stroke-opacity:.5}
.off{opacity:.06}tr.off{opacity:.25}
path.on,polyline.on{stroke:#000!important;stroke-width:3.2;stroke-opacity:1}
.point.on{stroke:#000;stroke-width:3}
tr.on td{background:#f1f4f7}
#about{position:fixed;left:50%;transform:translateX(-50%);bottom:14px;
max-width:min(1000px,92vw);background:var(--ink);color:#fff;
font-size:13.5px;padding:6px 14px;border-radius:5px;pointer-events:none;display:none}
@media print{body{max-width:none;padding:0;font-size:11pt}.hint,#about{display:none!important}
.bar i,svg,.warning{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.pair{grid-template-columns:1fr 1fr}tr{break-inside:avoid}.scroll{overflow:visible}}
)css";

/// Hovering over a trial shows it everywhere; dragging along an axis of the parallel coordinates chooses
/// trials.
inline constexpr std::string_view page_script = R"js(
(function(){
'use strict';
document.documentElement.classList.add('js');
var all={},about={},box=document.getElementById('about'),on=null;
document.querySelectorAll('[data-t]').forEach(function(e){
  var t=e.dataset.t,title=e.querySelector('title');
  (all[t]=all[t]||[]).push(e);
  if(title){if(!(about[t]&&about[t].length>title.textContent.length))about[t]=title.textContent;title.remove();}
});
function show(t){
  if(t===on)return;
  (all[on]||[]).forEach(function(e){e.classList.remove('on');});
  on=t;
  (all[t]||[]).forEach(function(e){
    e.classList.add('on');
    if(e.ownerSVGElement)e.parentNode.appendChild(e);
  });
  box.style.display=t!==null&&about[t]?'block':'none';
  if(t!==null)box.textContent=about[t]||'';
}
function near(event){
  for(var r=0;r<=6;r+=2)for(var k=0;k<8;++k){
    var e=document.elementFromPoint(event.clientX+r*Math.cos(k*Math.PI/4),event.clientY+r*Math.sin(k*Math.PI/4));
    e=e&&e.closest('[data-t]');
    if(e&&!e.classList.contains('off'))return e.dataset.t;
    if(r===0)break;
  }
  return null;
}
document.addEventListener('mousemove',function(event){show(near(event));});
document.addEventListener('mouseleave',function(){show(null);});

var svg=document.getElementById('parallel'),ranges={};
function filter(){
  svg.querySelectorAll('polyline[data-t]').forEach(function(line){
    var points=line.points,off=Object.keys(ranges).some(function(i){
      var y=points.getItem(+i).y;return y<ranges[i][0]||y>ranges[i][1];});
    all[line.dataset.t].forEach(function(e){e.classList.toggle('off',off);});
  });
}
if(svg)svg.querySelectorAll('.brush').forEach(function(axis){
  var i=axis.dataset.axis,chosen=null,start=0;
  function place(event){
    var p=svg.createSVGPoint();p.x=event.clientX;p.y=event.clientY;
    return p.matrixTransform(svg.getScreenCTM().inverse()).y;
  }
  axis.addEventListener('pointerdown',function(event){
    if(chosen)chosen.remove();
    delete ranges[i];
    chosen=axis.cloneNode();
    chosen.setAttribute('class','chosen');
    chosen.setAttribute('height',0);
    axis.parentNode.insertBefore(chosen,axis);
    start=place(event);
    axis.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  axis.addEventListener('pointermove',function(event){
    if(!axis.hasPointerCapture(event.pointerId))return;
    var y=place(event),low=Math.min(y,start),high=Math.max(y,start);
    chosen.setAttribute('y',low);
    chosen.setAttribute('height',high-low);
    if(high-low>3)ranges[i]=[low,high];else delete ranges[i];
    filter();
  });
  axis.addEventListener('pointerup',function(){if(!ranges[i])chosen.remove();filter();});
});
})();
)js";

}  // namespace corpuscle::tune
