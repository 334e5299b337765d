// OUR drawing, not Grafana's: its annotation markers are not published. Dashed lines and shaded regions on a uPlot chart.
import { colorManipulator, type GrafanaTheme2 } from '@grafana/data';
import type uPlot from 'uplot';
import { type Event } from './queries';

/** Draw the events over a chart whose x scale is in milliseconds. */
export function drawEvents(plot: uPlot, events: Event[], theme: GrafanaTheme2): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + 8);
  ctx.clip();
  for (const { from, to, color } of events) drawEvent(plot, from, to, theme.visualization.getColorByName(color));
  ctx.restore();
}

function drawEvent({ ctx, bbox, valToPos }: uPlot, from: number, to: number, color: string): void {
  const [left, right] = [from, to].map((time) => Math.round(valToPos(time, 'x', true)));
  const bottom = bbox.top + bbox.height;
  ctx.fillStyle = colorManipulator.alpha(color, 0.1);
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.setLineDash([5, 5]);
  ctx.lineWidth = 2;
  ctx.strokeStyle = color;
  for (const x of new Set([left, right])) {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
  }
  ctx.fillStyle = color;
  ctx.beginPath();
  if (left === right)
    [
      [left, bottom],
      [left - 5, bottom + 7],
      [left + 5, bottom + 7],
    ].forEach(([x, y]) => ctx.lineTo(x, y));
  else ctx.rect(left, bottom, right - left, 5);
  ctx.fill();
}
