// A dashboard's header and panels on Grafana's grid.
import {
  type DataFrame,
  type FieldConfigSource,
  type GrafanaTheme2,
  renderMarkdown,
  ThemeContext,
  type TimeRange,
} from '@grafana/data';
import { GlobalStyles, Icon, PanelChrome, PortalContainer } from '@grafana/ui';
import { type ReactNode } from 'react';
import { Header } from './header';
import './page.css';
import { PANELS, UNPADDED } from './panels';
import { type Event } from './queries';
import { forPeople, type Variables } from './variables';

const [COLUMNS, CELL, GAP, PADDING] = [24, 30, 8, 16]; // Grafana's grid, in pixels

type Place = { left: number; top: number; width: number; height: number };
/** A panel with its data. */
export type Loaded = {
  panel: any;
  place: Place;
  source: FieldConfigSource;
  frames: DataFrame[];
  range: TimeRange;
  events: Event[];
  override: string;
};

/** Return where a panel is on a page of that width, all in pixels. */
export function placeOf({ x, y, w, h }: any, width: number): Place {
  const column = (width - 2 * PADDING - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    left: x * (column + GAP),
    top: y * (CELL + GAP),
    width: w * column + (w - 1) * GAP,
    height: h * CELL + (h - 1) * GAP,
  };
}

/** What Grafana's application puts around its pages. */
export function Grafana({ theme, children }: { theme: GrafanaTheme2; children?: ReactNode }) {
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {children}
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

export function Dashboard({
  dashboard,
  range,
  variables,
  loaded,
}: {
  dashboard: any;
  range: TimeRange;
  variables: Variables;
  loaded: Loaded[];
}) {
  const height = Math.max(...loaded.map(({ place }) => place.top + place.height));
  return (
    <>
      <Header dashboard={dashboard} range={range} variables={variables} />
      <div style={{ position: 'relative', margin: `0 ${PADDING}px`, height: height + PADDING }}>
        {loaded.map((each, index) => (
          <div key={index} style={{ position: 'absolute', ...each.place }}>
            {each.panel.type === 'row' ? (
              <Row panel={each.panel} variables={variables} />
            ) : (
              <Panel {...each} variables={variables} />
            )}
          </div>
        ))}
      </div>
    </>
  );
}

function Row({ panel, variables }: { panel: any; variables: Variables }) {
  return (
    <div className={`dashboard-row ${panel.collapsed ? 'collapsed' : ''}`}>
      <Icon name={panel.collapsed ? 'angle-right' : 'angle-down'} size="lg" />
      <span className="row-title">{forPeople(panel.title, variables)}</span>
      {panel.collapsed && <span className="row-count">({panel.panels.length} panels)</span>}
    </div>
  );
}

function Panel({
  panel,
  place,
  source,
  frames,
  range,
  events,
  override,
  variables,
}: Loaded & { variables: Variables }) {
  const Content = PANELS[panel.type];
  const title = forPeople(panel.title ?? '', variables);
  const options = { ...panel.options, content: panel.options?.content && forPeople(panel.options.content, variables) };
  const items = (
    <>
      {override && (
        <span className="time-override">
          <Icon name="clock-nine" size="sm" /> {override}
        </span>
      )}
      {panel.links?.length > 0 && (
        <span className="panel-link">
          <Icon name="external-link-alt" />
        </span>
      )}
    </>
  );
  return (
    <PanelChrome
      width={place.width}
      height={place.height}
      title={title}
      titleItems={items}
      description={panel.description ? renderMarkdown(forPeople(panel.description, variables)) : ''}
      displayMode={panel.transparent ? 'transparent' : 'default'}
      padding={UNPADDED.includes(panel.type) ? 'none' : 'md'}
    >
      {(width, height) => Content && <Content {...{ options, source, frames, range, events, width, height }} />}
    </PanelChrome>
  );
}
