// The page: asks for what a dashboard shows, and draws it.
import { createTheme, dateMath, dateTime, type GrafanaTheme2, rangeUtil, type TimeRange } from '@grafana/data';
import { flushSync } from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import { Dashboard, Grafana, type Loaded, placeOf } from './dashboard';
import { completed, configured, hasData, transformed } from './fields';
import { PANELS } from './panels';
import { annotationEvents, panelFrames, type Surroundings } from './queries';
import { type Ask, forPeople, loadVariables } from './variables';

type Job = {
  dashboard: any;
  to: number;
  hours: number | null;
  theme: 'dark' | 'light';
  width: number;
  chosen: string[];
  scrapeInterval: string;
};

declare global {
  interface Window {
    ask: Ask;
    draw: typeof draw;
  }
}

/** Draw the dashboard; return the page's height and the titles of panels without data or of a type not known. */
async function draw(job: Job) {
  const { dashboard } = job;
  const theme = createTheme({ colors: { mode: job.theme } });
  const range = rangeOf(dashboard, job);
  const ask: Ask = (...asked) => window.ask(...asked);
  const variables = await loadVariables(dashboard.templating?.list ?? [], job.chosen, range, ask);
  const around = { range, variables, ask, scrapeInterval: job.scrapeInterval };
  const loaded = await Promise.all(
    dashboard.panels.map((panel: any) => load(panel, dashboard, placeOf(panel.gridPos, job.width), around, theme)),
  );
  const page = document.getElementById('page')!;
  const root = createRoot(page);
  await withFonts(root, theme);
  root.render(
    <Grafana theme={theme}>
      <Dashboard {...{ dashboard, range, variables, loaded }} />
    </Grafana>,
  );
  const known = loaded.filter(({ panel }) => panel.type in PANELS);
  const title = ({ panel }: Loaded) => forPeople(panel.title ?? '', variables);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    height: Math.ceil(page.getBoundingClientRect().height),
    empty: known.filter(({ panel, frames }) => panel.type !== 'text' && !hasData(frames)).map(title),
    unknown: loaded
      .filter((each) => !known.includes(each) && each.panel.type !== 'row')
      .map((each) => `${title(each)} (${each.panel.type})`),
  };
}
window.draw = draw;

/** Load Grafana's fonts before anything is drawn, since its components measure their texts. */
async function withFonts(root: Root, theme: GrafanaTheme2): Promise<void> {
  flushSync(() => root.render(<Grafana theme={theme} />));
  const fonts = [...document.fonts].filter(({ family }) => /Inter|Roboto/.test(family));
  await Promise.all(fonts.map((font) => font.load()));
}

function rangeOf({ time }: any, { to, hours }: Job): TimeRange {
  const from = hours ? dateTime(to - hours * 3_600_000) : dateMath.toDateTime(time?.from ?? 'now-6h', {})!;
  return {
    from,
    to: dateTime(to),
    raw: hours ? { from: `now-${hours}h`, to: 'now' } : (time ?? { from: 'now-6h', to: 'now' }),
  };
}

async function load(
  panel: any,
  dashboard: any,
  place: Loaded['place'],
  around: Surroundings,
  theme: GrafanaTheme2,
): Promise<Loaded> {
  const own = panel.timeFrom ? rangeUtil.describeTextRange(panel.timeFrom) : undefined;
  const from = own && dateMath.toDateTime(own.from, {});
  const range = from ? { ...around.range, from } : around.range;
  const source = completed(panel);
  const frames = await transformed(panel, await panelFrames(panel, place.width, { ...around, range }));
  const withEvents = ['timeseries', 'state-timeline'].includes(panel.type);
  const events = withEvents
    ? await annotationEvents(dashboard.annotations?.list ?? [], panel.id, { ...around, range })
    : [];
  const override = own && !panel.hideTimeOverride ? own.display : '';
  return { panel, place, source, range, events, override, frames: configured(source, frames, theme) };
}
