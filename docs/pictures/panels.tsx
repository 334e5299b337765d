// Grafana's own panel components, called as its panel plugins call them.
import {
  applyNullInsertThreshold,
  type DataFrame,
  FieldType,
  type FieldConfigSource,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  renderTextPanelMarkdown,
  type TimeRange,
  VizOrientation,
} from '@grafana/data';
import {
  BarGauge,
  BigValue,
  TimeSeries,
  type UPlotConfigBuilder,
  useTheme2,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useLayoutEffect } from 'react';
import { drawEvents } from './annotations';
import { Gauge } from './gauge';
import { hasData, named } from './fields';
import { type Event } from './queries';
import { StateTimeline } from './state-timeline';

export type PanelProps = {
  options: any;
  source: FieldConfigSource;
  frames: DataFrame[];
  range: TimeRange;
  events: Event[];
  width: number;
  height: number;
};
type Single = VizRepeaterRenderValueProps<FieldDisplay, any>;

/** Draw one value or several in a grid, as stat, gauge and bargauge do. */
function Values({
  options,
  source,
  frames,
  range,
  width,
  height,
  repeater,
  draw,
}: PanelProps & { repeater: object; draw: (value: Single) => React.JSX.Element }) {
  const theme = useTheme2();
  const getValues = () => {
    const reduceOptions = { calcs: ['lastNotNull'], ...options.reduceOptions };
    const sparkline = Boolean(options.graphMode && options.graphMode !== 'none');
    const found = getFieldDisplayValues({
      data: frames,
      reduceOptions,
      fieldConfig: source,
      replaceVariables: named,
      theme,
      sparkline,
    });
    for (const each of found) if (each.sparkline) each.sparkline.timeRange = range;
    return found;
  };
  return (
    <VizRepeater
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={draw}
      source={frames}
      orientation={options.orientation ?? VizOrientation.Auto}
      renderCounter={0}
      width={width}
      height={height}
      {...repeater}
    />
  );
}

function Stat(props: PanelProps) {
  const theme = useTheme2();
  const { options } = props;
  const draw = ({ value, count, alignmentFactors, width, height }: Single) => (
    <BigValue
      value={value.display}
      sparkline={value.sparkline}
      count={count}
      alignmentFactors={alignmentFactors}
      width={width}
      height={height}
      theme={theme}
      text={options.text}
      hasLinks={false}
      colorMode={options.colorMode ?? 'value'}
      graphMode={options.graphMode ?? 'area'}
      textMode={options.textMode ?? 'auto'}
      justifyMode={options.justifyMode ?? 'auto'}
      disableWideLayout={options.wideLayout === false}
    />
  );
  return (
    <Values
      {...props}
      options={{ graphMode: 'area', ...options }}
      draw={draw}
      repeater={{ autoGrid: true, itemSpacing: 3 }}
    />
  );
}

function Bars(props: PanelProps) {
  const theme = useTheme2();
  const { options } = props;
  const displayMode = options.displayMode ?? 'gradient';
  const draw = ({ value, count, alignmentFactors, width, height, orientation }: Single) => {
    const { field, display, view, colIndex } = value;
    return (
      <BarGauge
        value={count > 1 || options.reduceOptions?.values || field.displayName ? display : { ...display, title: undefined }}
        field={field}
        display={view && colIndex !== undefined ? view.getFieldDisplayProcessor(colIndex) : undefined}
        width={width}
        height={height}
        orientation={orientation}
        theme={theme}
        text={options.text}
        itemSpacing={displayMode === 'lcd' ? 2 : 10}
        displayMode={displayMode}
        showUnfilled={options.showUnfilled ?? true}
        alignmentFactors={count > 1 ? alignmentFactors : undefined}
        valueDisplayMode={options.valueMode ?? 'color'}
        namePlacement={options.namePlacement ?? 'auto'}
      />
    );
  };
  const manual = options.sizing === 'manual';
  const sizes = manual ? options : { minVizWidth: 8, minVizHeight: 16, maxVizHeight: 300 };
  const { minVizWidth, minVizHeight, maxVizHeight } = sizes;
  return <Values {...props} draw={draw} repeater={{ itemSpacing: 10, minVizWidth, minVizHeight, maxVizHeight }} />;
}

function Gauges(props: PanelProps) {
  const draw = ({ value, width, height, count }: Single) => (
    <Gauge value={value} width={width} height={height} named={count > 1} />
  );
  return <Values {...props} draw={draw} repeater={{ autoGrid: true, itemSpacing: 16 }} />;
}

function Graph({ options, source, frames, range, events, width, height }: PanelProps) {
  if (!hasData(frames)) return <NoData source={source} />;
  return (
    <TimeSeries
      frames={plottable(frames, range)}
      timeRange={range}
      timeZone="browser"
      width={width}
      height={height}
      legend={{ showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [], ...options.legend }}
      options={options}
    >
      {(config: UPlotConfigBuilder) => <Annotations config={config} events={events} />}
    </TimeSeries>
  );
}

/** Keep NaN and the infinities out of graphs, and put nulls where points are missing, as the plugin does. */
function plottable(frames: DataFrame[], range: TimeRange): DataFrame[] {
  const mend = (value: unknown) => (Number.isFinite(value) ? value : null);
  const [refFieldPseudoMin, refFieldPseudoMax] = [range.from.valueOf(), range.to.valueOf()];
  return frames
    .filter(({ fields }) => fields.length)
    .map((frame) => applyNullInsertThreshold({ frame, refFieldPseudoMin, refFieldPseudoMax }))
    .map(({ fields, ...frame }) => ({
      ...frame,
      fields: fields.map((field) =>
        field.type === FieldType.number ? { ...field, values: field.values.map(mend) } : field,
      ),
    }));
}

function Annotations({ config, events }: { config: UPlotConfigBuilder; events: Event[] }) {
  const theme = useTheme2();
  useLayoutEffect(() => config.addHook('draw', (plot) => drawEvents(plot, events, theme)), [config, events, theme]);
  return null;
}

function Table({ options, source, frames, range, width, height }: PanelProps) {
  const frame = frames.find(({ fields }) => fields.length);
  if (!frame) return <NoData source={source} />;
  return (
    <TableNG
      data={frame}
      width={width}
      height={height}
      noHeader={options.showHeader === false}
      showTypeIcons={options.showTypeIcons}
      cellHeight={options.cellHeight ?? 'sm'}
      sortBy={options.sortBy}
      timeRange={range}
      fieldConfig={source}
      noValue={source.defaults.noValue}
      enablePagination={options.footer?.enablePagination ?? options.enablePagination}
      frozenColumns={options.frozenColumns?.left}
      structureRev={1}
    />
  );
}

function Timeline(props: PanelProps) {
  return hasData(props.frames) ? <StateTimeline {...props} /> : <NoData source={props.source} />;
}

function Text({ options }: PanelProps) {
  const html = options.mode === 'html' ? options.content : renderTextPanelMarkdown(options.content ?? '');
  return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />;
}

function NoData({ source }: { source: FieldConfigSource }) {
  return <div className="no-data">{source.defaults.noValue ?? 'No data'}</div>;
}

export const PANELS: Record<string, React.ComponentType<PanelProps>> = {
  stat: Stat,
  gauge: Gauges,
  bargauge: Bars,
  timeseries: Graph,
  table: Table,
  'state-timeline': Timeline,
  text: Text,
};
/** Panels whose content touches the frame, as their plugins ask. */
export const UNPADDED = ['table'];
