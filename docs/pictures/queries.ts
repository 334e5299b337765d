// A panel's queries on Prometheus, and the data frames that Grafana's data source makes of the answers.
import { createDataFrame, FieldType, rangeUtil, type DataFrame, type TimeRange } from '@grafana/data';
import { type Ask, forQuery, type Variables } from './variables';

export type Surroundings = { range: TimeRange; variables: Variables; scrapeInterval: string; ask: Ask };
type Series = { metric: Record<string, string>; value?: [number, string]; values?: Array<[number, string]> };

/** Return the frames of all queries of a panel; `width` in pixels decides how many points are asked for. */
export async function panelFrames(panel: any, width: number, around: Surroundings): Promise<DataFrame[]> {
  const targets = (panel.targets ?? []).filter((target: any) => !target.hide && target.expr);
  const answers = await Promise.all(targets.map((target: any) => targetFrames(panel, target, width, around)));
  const tables = targets.filter(({ format }: any) => format === 'table').length;
  return answers.flatMap((frames, index) =>
    targets[index].format === 'table' ? [asTable(frames, tables > 1)] : frames,
  );
}

async function targetFrames(panel: any, target: any, width: number, around: Surroundings): Promise<DataFrame[]> {
  const step = stepOf(panel.interval, panel.maxDataPoints ?? width, around);
  const query = interpolated(target.expr, step, target.interval, around);
  const askedBy = `${panel.title} (${target.refId})`;
  const kinds = target.instant ? (target.range ? ['query', 'query_range'] : ['query']) : ['query_range'];
  const answers = await Promise.all(
    kinds.map((kind) => around.ask(kind, times(kind, query, step, around.range), askedBy)),
  );
  const series: Series[] = answers.flatMap((answer) => (answer ? asSeries(answer) : []));
  const frames = series.map((each) => asFrame(each, target, query, step));
  return frames.length ? frames : [createDataFrame({ refId: target.refId, fields: [] })];
}

/** Return the milliseconds between two points, as Grafana chooses them. */
function stepOf(interval: string | undefined, points: number, { range, scrapeInterval }: Surroundings): number {
  return rangeUtil.calculateInterval(range, Math.max(Math.floor(points), 1), interval || scrapeInterval).intervalMs;
}

function times(kind: string, query: string, step: number, { from, to }: TimeRange): Record<string, string> {
  if (kind === 'query') return { query, time: String(to.valueOf() / 1000) };
  const aligned = (time: number) => String((Math.floor(time / step) * step) / 1000);
  return { query, start: aligned(from.valueOf()), end: aligned(to.valueOf()), step: String(step / 1000) };
}

function interpolated(expr: string, step: number, least: string | undefined, around: Surroundings): string {
  const scrape = rangeUtil.intervalToMs(least || around.scrapeInterval);
  const { from, to } = around.range;
  const milliseconds: Record<string, number> = {
    __interval: step,
    __rate_interval: Math.max(step + scrape, 4 * scrape),
    __range: to.valueOf() - from.valueOf(),
  };
  const written = expr.replace(
    /\$(?:\{(__\w+?)(_s|_ms)?\}|(__(?:rate_interval|interval|range))(_s|_ms)?\b)/g,
    (whole, ...groups) => {
      const value = milliseconds[groups[0] ?? groups[2]];
      const suffix = groups[1] ?? groups[3];
      if (value === undefined) return whole;
      return suffix === '_ms' ? String(value) : `${Math.round(value / 1000)}${suffix ? '' : 's'}`;
    },
  );
  return forQuery(written, around.variables);
}

function asSeries({ resultType, result }: any): Series[] {
  return resultType === 'scalar' ? [{ metric: {}, value: result }] : result;
}

function asFrame({ metric, value, values }: Series, target: any, query: string, step: number): DataFrame {
  const points = values ?? [value!];
  const displayNameFromDS = legend(target.legendFormat, metric, query);
  return createDataFrame({
    refId: target.refId,
    name: displayNameFromDS,
    fields: [
      {
        name: 'Time',
        type: FieldType.time,
        values: points.map(([time]) => time * 1000),
        config: values ? { interval: step } : {},
      },
      {
        name: 'Value',
        type: FieldType.number,
        labels: metric,
        values: points.map(([, text]) => number(text)),
        config: { displayNameFromDS },
      },
    ],
  });
}

/** Read a value of Prometheus' API, which writes infinities its own way. */
const number = (text: string) => (text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text));

function legend(format: string | undefined, metric: Record<string, string>, query: string): string | undefined {
  const labels = Object.entries(metric).filter(([label]) => label !== '__name__');
  if (format === '__auto') return labels.length ? undefined : query;
  if (format) return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const written = labels.map(([label, text]) => `${label}="${text}"`).join(', ');
  return `${metric.__name__ ?? ''}{${written}}` === '{}' ? query : `${metric.__name__ ?? ''}{${written}}`;
}

/** Turn the series of one query into rows with a column a label, as `format: table` does. */
function asTable(frames: DataFrame[], several: boolean): DataFrame {
  const { refId } = frames[0];
  const series = frames.filter(({ fields }) => fields.length);
  if (!series.length && !several) return frames[0];
  const rows = series.flatMap(({ fields: [time, value] }) =>
    value.values.map((each, index) => ({ time: time.values[index], value: each, labels: value.labels ?? {} })),
  );
  const names = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels).sort()))];
  const column = (name: string) => ({
    name,
    type: FieldType.string,
    config: { filterable: true },
    values: rows.map(({ labels }) => labels[name] ?? ''),
  });
  return createDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: rows.map(({ time }) => time) },
      ...names.map(column),
      {
        name: several ? `Value #${refId}` : 'Value',
        type: FieldType.number,
        config: {},
        values: rows.map(({ value }) => value),
      },
    ],
  });
}

export type Event = { from: number; to: number; color: string };

/** Return when the annotations that are switched on happened; neighbouring points are one region. */
export async function annotationEvents(annotations: any[], panelId: number, around: Surroundings): Promise<Event[]> {
  const shown = annotations.filter(
    ({ enable, expr, target, filter }) =>
      enable &&
      (target?.expr ?? expr) &&
      (!filter?.ids?.length || filter.ids.includes(panelId) !== Boolean(filter.exclude)),
  );
  return (await Promise.all(shown.map((annotation) => eventsOf(annotation, around)))).flat();
}

async function eventsOf({ name, iconColor, step: written, target, expr }: any, around: Surroundings): Promise<Event[]> {
  const step = rangeUtil.intervalToMs(written || target?.step || target?.interval || '60s');
  const query = interpolated(target?.expr ?? expr, step, undefined, around);
  const answer = await around.ask('query_range', times('query_range', query, step, around.range), `annotation ${name}`);
  return (answer?.result ?? []).flatMap(({ values }: Series) => regions(values!, step, iconColor));
}

function regions(values: Array<[number, string]>, step: number, color: string): Event[] {
  const events: Event[] = [];
  for (const time of values.filter(([, text]) => Number(text)).map(([seconds]) => seconds * 1000)) {
    const last = events.at(-1);
    if (last && time - last.to <= step) last.to = time;
    else events.push({ from: time, to: time, color });
  }
  return events;
}
