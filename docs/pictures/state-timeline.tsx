// OUR drawing, not Grafana's: its state timeline is not in the published packages. The axes are those of @grafana/ui,
// the coloured boxes are drawn here: a row a series, equal neighbours merged, a gap where there is no value.
import {
  colorManipulator,
  type DataFrame,
  type Field,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';
import {
  AxisPlacement,
  measureText,
  ScaleDirection,
  ScaleOrientation,
  UPlotChart,
  UPlotConfigBuilder,
  useTheme2,
  VizLayout,
  VizLegend,
} from '@grafana/ui';
import { LegendDisplayMode } from '@grafana/schema';
import { useMemo } from 'react';
import type uPlot from 'uplot';
import { type AlignedData } from 'uplot';
import { drawEvents } from './annotations';
import { type PanelProps } from './panels';

type Box = { from: number; to: number; text: string; color: string; fill: string };
type Row = { name: string; boxes: Box[] };
const FONT = 12;
const LETTER = 8.5; // the width of a letter, a little more than the average, as Grafana reckons

export function StateTimeline({ options, frames, range, events, width, height }: PanelProps) {
  const theme = useTheme2();
  const rows = useMemo(() => rowsOf(frames, range, options), [frames, range, options]);
  const shown = rows.slice(0, options.perPage ?? 20);
  const config = useMemo(() => chart(shown, range, options, theme, width), [rows]);
  useMemo(() => config.addHook('draw', (plot) => drawEvents(plot, events, theme)), [config, events]);
  const data: AlignedData = [
    [range.from.valueOf(), range.to.valueOf()],
    [0, shown.length],
  ];
  return (
    <VizLayout width={width} height={height} legend={legendOf(rows, options.legend)}>
      {(chartWidth: number, chartHeight: number) => (
        <UPlotChart config={config} data={data} width={chartWidth} height={chartHeight} />
      )}
    </VizLayout>
  );
}

function legendOf(rows: Row[], { showLegend = true, placement = 'bottom' }: any = {}) {
  if (!showLegend) return null;
  const states = new Map(rows.flatMap(({ boxes }) => boxes.map(({ text, color }) => [text, color])));
  const items = [...states].map(([label, color]) => ({ label, color, yAxis: 1 }));
  return (
    <VizLayout.Legend placement={placement}>
      <VizLegend placement={placement} displayMode={LegendDisplayMode.List} items={items} />
    </VizLayout.Legend>
  );
}

function rowsOf(frames: DataFrame[], range: TimeRange, { mergeValues = true }: any): Row[] {
  return frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === FieldType.time);
    const states = frame.fields.filter(({ type }) => type === FieldType.number || type === FieldType.string);
    return states.map((field) => ({
      name: getFieldDisplayName(field, frame, frames),
      boxes: boxesOf(time!, field, range, mergeValues),
    }));
  });
}

/** Return the boxes of a series; a value holds until the next one, but no longer than the step or what nulls may span. */
function boxesOf(time: Field, field: Field, range: TimeRange, merge: boolean): Box[] {
  const { spanNulls, fillOpacity } = field.config.custom;
  const step = time.config.interval ?? Infinity;
  const bridged = spanNulls === true ? Infinity : Math.max(step, Number(spanNulls) || 0);
  const boxes: Box[] = [];
  field.values.forEach((value, index) => {
    if (value === null || Number.isNaN(value)) return;
    const from = time.values[index];
    const next = time.values[index + 1] ?? range.to.valueOf();
    const to = Math.min(next - from <= bridged ? next : from + step, range.to.valueOf());
    const display = field.display!(value);
    const [text, color, last] = [formattedValueToString(display), display.color ?? 'grey', boxes.at(-1)];
    if (merge && last && last.text === text && last.to === from) last.to = to;
    else boxes.push({ from, to, text, color, fill: colorManipulator.alpha(color, fillOpacity / 100) });
  });
  return boxes;
}

function chart(rows: Row[], range: TimeRange, options: any, theme: GrafanaTheme2, width: number): UPlotConfigBuilder {
  const config = new UPlotConfigBuilder('browser');
  const widest = Math.max(...rows.map(({ name }) => measureText(name, FONT).width));
  const size = Math.min(Math.ceil(widest) + 18, Math.round(width * 0.4));
  const names = rows.map(({ name }) => fitted(name, size - 18));
  const { Horizontal, Vertical } = ScaleOrientation;
  config.addScale({
    scaleKey: 'x',
    isTime: true,
    orientation: Horizontal,
    direction: ScaleDirection.Right,
    range: () => [range.from.valueOf(), range.to.valueOf()],
  });
  config.addScale({
    scaleKey: 'y',
    orientation: Vertical,
    direction: ScaleDirection.Down,
    range: () => [0, rows.length],
  });
  config.addAxis({
    scaleKey: 'x',
    isTime: true,
    placement: AxisPlacement.Bottom,
    timeZone: 'browser',
    theme,
    grid: { show: false },
  });
  config.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    theme,
    size,
    gap: 8,
    space: () => 1, // name even a single low row
    splits: () => rows.map((_, index) => index + 0.5),
    values: () => names,
    filter: (_, splits) => splits,
    grid: { show: false },
    ticks: { show: false },
  });
  config.addSeries({
    scaleKey: 'y',
    theme,
    pathBuilder: () => null,
    pointsBuilder: () => undefined,
    colorMode: undefined,
  } as any);
  config.setCursor({ show: false });
  config.setPrepData(() => [[], []]);
  config.addHook('draw', (plot) => {
    plot.ctx.save();
    rows.forEach(({ boxes }, index) => boxes.forEach((box) => drawBox(plot, box, index, options, theme)));
    plot.ctx.restore();
  });
  return config;
}

/** Shorten a text to a width in pixels. */
function fitted(text: string, width: number): string {
  if (measureText(text, FONT).width <= width) return text;
  let length = text.length;
  while (length > 1 && measureText(`${text.slice(0, length)}…`, FONT).width > width) length -= 1;
  return `${text.slice(0, length)}…`;
}

function drawBox(plot: uPlot, box: Box, index: number, options: any, theme: GrafanaTheme2): void {
  const { ctx, bbox } = plot;
  const x = (time: number) => Math.max(bbox.left, Math.round(plot.valToPos(time, 'x', true)));
  const [left, width] = [x(box.from), x(box.to) - x(box.from)];
  const [top, bottom] = [index, index + 1].map((edge) => plot.valToPos(edge, 'y', true));
  const height = (bottom - top) * (options.rowHeight ?? 0.9);
  const middle = (top + bottom) / 2;
  ctx.fillStyle = box.fill;
  ctx.fillRect(left, middle - height / 2, width, height);
  if (options.showValue === 'never' || height < FONT * window.devicePixelRatio) return;
  ctx.fillStyle = theme.colors.getContrastText(box.fill, 3);
  drawText(ctx, box.text, left, width, middle, options, theme);
}

/** Write a text into a box, cut to its width; `auto` leaves it out where it would be a single letter. */
function drawText(
  ctx: CanvasRenderingContext2D,
  text: string,
  left: number,
  width: number,
  y: number,
  options: any,
  theme: GrafanaTheme2,
): void {
  const { showValue = 'auto', alignValue = 'left' } = options;
  const ratio = window.devicePixelRatio;
  const letters = Math.floor(width / (LETTER * ratio));
  if (showValue === 'auto' && letters < 2) return;
  ctx.font = `500 ${FONT * ratio}px ${theme.typography.fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = alignValue;
  const edges: Record<string, number> = {
    left: left + 3 * ratio,
    center: left + width / 2,
    right: left + width - 3 * ratio,
  };
  ctx.fillText(text.slice(0, letters), edges[alignValue], y + ratio);
}
